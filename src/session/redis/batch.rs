//! Questions of many requests that are sent to the server as one.

use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
};

use super::{super::records::StoreError, link::unavailable};

/// How many questions are sent as one at most. A command of 512 keys keeps the server from others
/// for about 100 µs.
const MAX_BATCH: usize = 512;

/// How many questions may wait. A visitor who waits has a connection, which has a limit too.
const MAX_WAITING: usize = 64 * 1024;

/// Asks questions of the type `Q`, whose answers have the type `A`.
pub(super) struct Asking<Q, A>(mpsc::Sender<Waiting<Q, A>>);

struct Waiting<Q, A> {
    question: Q,
    answer: oneshot::Sender<Result<A, StoreError>>,
}

/// Collects questions while earlier ones are under way.
///
/// One batch at a time: the next one starts when the answers have come, so the server is asked less
/// often the busier the site is.
pub(super) struct Batches<Q, A> {
    queue: mpsc::Receiver<Waiting<Q, A>>,
    waiting: Vec<Waiting<Q, A>>,
}

/// Returns the end that asks, and the end that answers.
pub(super) fn batches<Q, A>() -> (Asking<Q, A>, Batches<Q, A>) {
    let (asking, queue) = mpsc::channel(MAX_WAITING);
    let waiting = Vec::with_capacity(MAX_BATCH);
    (Asking(asking), Batches { queue, waiting })
}

impl<Q, A> Asking<Q, A> {
    pub(super) async fn ask(&self, question: Q) -> Result<A, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.0
            .try_send(Waiting { question, answer })
            .map_err(|_| unavailable("too many requests wait for it"))?;
        answered
            .await
            .map_err(|_| unavailable("its task has ended"))?
    }
}

impl<Q, A> Batches<Q, A> {
    /// Waits for the next questions. Returns false when nobody can ask any more.
    pub(super) async fn collect(&mut self) -> bool {
        while self.waiting.is_empty() {
            if self.queue.recv_many(&mut self.waiting, MAX_BATCH).await == 0 {
                return false;
            }
            // Lets the requests that have arrived at the same time join.
            yield_now().await;
            while self.waiting.len() < MAX_BATCH
                && let Ok(waiting) = self.queue.try_recv()
            {
                self.waiting.push(waiting);
            }
            // Of visitors who have gone.
            self.waiting.retain(|waiting| !waiting.answer.is_closed());
        }
        true
    }

    /// Returns the questions, which [`answer`](Self::answer) must answer.
    pub(super) fn questions(&self) -> impl Iterator<Item = &Q> {
        self.waiting.iter().map(|waiting| &waiting.question)
    }

    /// Answers the questions, in their order, or all of them with the same error.
    pub(super) fn answer(&mut self, answers: Result<Vec<Result<A, StoreError>>, StoreError>) {
        let answers = answers.and_then(|answers| {
            if answers.len() == self.waiting.len() {
                Ok(answers)
            } else {
                Err(unavailable("it gave another number of answers"))
            }
        });
        let waiting = self.waiting.drain(..).map(|waiting| waiting.answer);
        // Sending fails if the visitor has gone.
        match answers {
            Ok(answers) => waiting.zip(answers).for_each(|(waiting, answer)| {
                let _ = waiting.send(answer);
            }),
            Err(error) => waiting.for_each(|waiting| {
                let _ = waiting.send(Err(error.clone()));
            }),
        }
    }
}
