//! Looks up records for many requests at once.

use std::sync::Arc;

use ::redis::cmd;
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
};

use super::{
    super::records::StoreError,
    link::{Link, unavailable},
};

/// How many look-ups share one command at most. A command of 512 keys keeps the server from others
/// for about 100 µs.
const MAX_BATCH: usize = 512;

/// How many look-ups may wait. A visitor who waits has a connection, which has a limit too.
const MAX_WAITING: usize = 64 * 1024;

/// Collects look-ups while an earlier command is under way, and then sends them as one.
///
/// One command at a time: the next one starts when the answer has come, so the server is asked less
/// often the busier the site is.
pub(super) struct Lookups {
    link: Arc<Link>,
    queue: mpsc::Sender<Lookup>,
}

struct Lookup {
    key: String,
    found: oneshot::Sender<Found>,
}

type Found = Result<Option<Vec<u8>>, StoreError>;

impl Lookups {
    /// Returns the future that answers the look-ups, too.
    pub(super) fn new(link: Arc<Link>) -> (Self, impl Future<Output = ()>) {
        let (queue, waiting) = mpsc::channel(MAX_WAITING);
        let answering = answer(Arc::clone(&link), waiting);
        (Self { link, queue }, answering)
    }

    /// Returns the value of a key, if there is one.
    pub(super) async fn get(&self, key: String) -> Found {
        self.link.check()?;
        let (found, answer) = oneshot::channel();
        self.queue
            .try_send(Lookup { key, found })
            .map_err(|_| unavailable("too many look-ups wait"))?;
        answer
            .await
            .map_err(|_| unavailable("its task has ended"))?
    }
}

async fn answer(link: Arc<Link>, mut queue: mpsc::Receiver<Lookup>) {
    let mut lookups = Vec::with_capacity(MAX_BATCH);
    while queue.recv_many(&mut lookups, MAX_BATCH).await > 0 {
        // Lets the requests that have arrived at the same time join.
        yield_now().await;
        while lookups.len() < MAX_BATCH
            && let Ok(lookup) = queue.try_recv()
        {
            lookups.push(lookup);
        }
        // Of visitors who have gone.
        lookups.retain(|lookup| !lookup.found.is_closed());
        if lookups.is_empty() {
            continue;
        }
        let mut get = cmd("MGET");
        for lookup in &lookups {
            get.arg(&lookup.key);
        }
        let found = link.look_up::<Vec<Option<Vec<u8>>>>(&get).await;
        let found = found.and_then(|values| {
            if values.len() == lookups.len() {
                Ok(values.into_iter().map(Ok).collect())
            } else {
                Err(unavailable("it answered with another number of values"))
            }
        });
        let found: Vec<Found> = found.unwrap_or_else(|error| vec![Err(error); lookups.len()]);
        for (lookup, found) in lookups.drain(..).zip(found) {
            // Fails if the visitor has gone.
            let _ = lookup.found.send(found);
        }
    }
}
