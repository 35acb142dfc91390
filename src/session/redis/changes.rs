//! Makes changes for many requests at once, and waits until replicas have them.

use std::sync::Arc;

use ::redis::{Cmd, FromRedisValue, Pipeline, Value, cmd, from_redis_value, pipe};
use tokio::time::timeout;

use super::{
    super::records::StoreError,
    batch::{Asking, Batches, batches},
    connection::DEADLINE,
    link::{Link, unavailable},
};

/// How long replicas may take to acknowledge a change, in milliseconds. The server may notice up to
/// 100 ms late that the time is over, and the answer has to come within [`DEADLINE`].
const WAIT_MILLIS: u64 = 300;

/// The key of the write that [`ask_replicas`] adds.
const WRITE_KEY: &str = "signet:wait";

/// Changes that wait at the same moment are sent together, and share one `WAIT`.
///
/// Not on the connection of look-ups, because `WAIT` holds up what follows it on its connection.
pub(super) struct Changes {
    link: Arc<Link>,
    asking: Asking<Cmd, bool>,
}

impl Changes {
    /// Returns the future that makes the changes, too. A change is made when this many replicas have
    /// acknowledged it.
    pub(super) fn new(link: Arc<Link>, replicas: usize) -> (Self, impl Future<Output = ()>) {
        let (asking, batches) = batches();
        let answering = answer(Arc::clone(&link), replicas, batches);
        (Self { link, asking }, answering)
    }

    /// Sends a command that changes a record, and returns whether it did. After an error it may have
    /// done so all the same.
    pub(super) async fn make(&self, change: Cmd) -> Result<bool, StoreError> {
        self.link.check()?;
        let answer = timeout(DEADLINE, self.asking.ask(change)).await;
        answer.unwrap_or_else(|_| Err(unavailable(format!("no answer within {DEADLINE:?}"))))
    }
}

async fn answer(link: Arc<Link>, replicas: usize, mut batches: Batches<Cmd, bool>) {
    while batches.collect().await {
        let mut commands = pipe();
        // So that each command has its own answer, which may be an error.
        commands.ignore_errors();
        for change in batches.questions() {
            commands.add_command(change.clone());
        }
        if replicas > 0 {
            ask_replicas(&mut commands, replicas);
        }
        let answers = link.change(&commands).await;
        batches.answer(answers.and_then(|answers| judge(replicas, answers)));
    }
}

/// Adds the question whether the replicas have all changes so far.
///
/// A write comes before it, because Valkey waits only for the last write of the same connection. A
/// change that found nothing to do is no write, but what it found may be new to the replicas.
fn ask_replicas(commands: &mut Pipeline, replicas: usize) {
    commands.add_command(cmd("SET").arg(WRITE_KEY).arg("").to_owned());
    commands.add_command(cmd("WAIT").arg(replicas).arg(WAIT_MILLIS).to_owned());
}

/// Returns whether each change did something.
fn judge(
    replicas: usize,
    mut answers: Vec<Result<Value, StoreError>>,
) -> Result<Vec<Result<bool, StoreError>>, StoreError> {
    let mut write = Ok(Value::Okay);
    if replicas > 0 {
        let acknowledged: usize = read(last(&mut answers)?)?;
        if acknowledged < replicas {
            return Err(unavailable(format!(
                "{acknowledged} of {replicas} replicas acknowledged a change within {WAIT_MILLIS} ms"
            )));
        }
        write = last(&mut answers);
    }
    let changes = answers.into_iter().map(|answer| {
        let has_changed: bool = read(answer?)?;
        if !has_changed {
            // Without a write after it, replicas may lack what it found.
            write.as_ref().map_err(Clone::clone)?;
        }
        Ok(has_changed)
    });
    Ok(changes.collect())
}

fn last(answers: &mut Vec<Result<Value, StoreError>>) -> Result<Value, StoreError> {
    let answer = answers.pop();
    answer.unwrap_or_else(|| Err(unavailable("an answer is missing")))
}

fn read<T: FromRedisValue>(value: Value) -> Result<T, StoreError> {
    from_redis_value(value).map_err(|error| unavailable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge_all(answers: &[Result<Value, StoreError>]) -> Result<Vec<Option<bool>>, StoreError> {
        let judged = judge(2, answers.to_vec())?;
        Ok(judged.into_iter().map(Result::ok).collect())
    }

    #[test]
    fn a_change_needs_enough_replicas_and_one_that_found_nothing_a_write_too() {
        let full = || Err(StoreError::Full);
        let enough = [
            Ok(Value::Okay),
            Ok(Value::Nil),
            full(),
            Ok(Value::Int(1)),
            Ok(Value::Int(0)),
        ];
        let with = |write, acknowledged| {
            judge_all(&[&enough[..], &[write, Ok(Value::Int(acknowledged))]].concat())
        };
        let all = [Some(true), Some(false), None, Some(true), Some(false)];
        assert_eq!(with(Ok(Value::Okay), 2).expect("enough"), all);
        assert_eq!(with(Ok(Value::Okay), 3).expect("enough"), all);
        let written = [Some(true), None, None, Some(true), None];
        assert_eq!(with(full(), 2).expect("enough"), written);
        let error = with(Ok(Value::Okay), 1).expect_err("too few").to_string();
        assert!(error.contains("1 of 2 replicas"), "{error}");
        judge_all(&[]).expect_err("no answers");
        judge_all(&[Ok(Value::Okay), full()]).expect_err("WAIT failed");
    }
}
