//! What a server says about itself in the answer to `INFO`, and whether it may keep records.

#[cfg(test)]
mod tests;

use std::{fmt, mem::discriminant};

use time::OffsetDateTime;

/// How far the server's clock may be from ours without a warning, in seconds.
const CLOCK_TOLERANCE: i64 = 30;

/// How long ago a replica may have acknowledged what it has, in seconds. It does so each second. The
/// server counts a replica that it cannot reach as connected for another minute.
const MAX_LAG: u64 = 2;

/// The server removes records to make room for others, so that a session that was logged out could
/// be accepted again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "its maxmemory-policy is {0}, which removes records when memory is short: set it to noeviction"
)]
pub struct UnsafePolicy(String);

/// A server that may keep records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fit {
    /// Is true if the append-only file is on. Without it, a restart loses records.
    is_durable: bool,
    /// How far the server's clock is ahead of ours, in seconds. 0 if it is unknown.
    clock_ahead: i64,
    /// How many replicas are connected and up to date.
    replicas: usize,
    /// How many replicas have to acknowledge a change.
    needed: usize,
}

/// What an operator should mend, although the server may keep records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    NotDurable,
    /// The server's clock is ahead of ours by this many seconds.
    Clock(i64),
    /// There are fewer replicas than are needed.
    Replicas {
        connected: usize,
        needed: usize,
    },
}

impl Fit {
    /// Returns what is wrong with the server.
    pub(super) fn flaws(&self) -> impl Iterator<Item = Flaw> {
        let is_off_time = self.clock_ahead.abs() > CLOCK_TOLERANCE;
        let all = [
            (!self.is_durable).then_some(Flaw::NotDurable),
            is_off_time.then_some(Flaw::Clock(self.clock_ahead)),
            self.lack_of_replicas(),
        ];
        all.into_iter().flatten()
    }

    /// Returns what was not wrong `before`.
    pub(super) fn new_flaws(&self, before: &Self) -> impl Iterator<Item = Flaw> {
        let known: Vec<_> = before.flaws().map(|flaw| discriminant(&flaw)).collect();
        self.flaws()
            .filter(move |flaw| !known.contains(&discriminant(flaw)))
    }

    /// Returns the flaw that there are fewer replicas than are needed.
    pub(super) fn lack_of_replicas(&self) -> Option<Flaw> {
        let (connected, needed) = (self.replicas, self.needed);
        (connected < needed).then_some(Flaw::Replicas { connected, needed })
    }

    /// Returns whether replicas are needed, and none is there. Then the server may have been cut off, and
    /// one of them may be the primary by now.
    pub(super) fn is_alone(&self) -> bool {
        self.needed > 0 && self.replicas == 0
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDurable => f.write_str(
                "its append-only file is off, so it forgets sessions and logouts when it is \
                 restarted: set appendonly yes and appendfsync always",
            ),
            Self::Clock(ahead) => write!(
                f,
                "its clock is {} s {} that of this machine: let NTP set the clocks of both, because \
                 records expire too early or too late when a clock is corrected",
                ahead.unsigned_abs(),
                if *ahead > 0 { "ahead of" } else { "behind" },
            ),
            Self::Replicas { connected, needed } => write!(
                f,
                "{connected} of the {needed} replicas that have to acknowledge a change are connected \
                 and up to date, so logouts and other changes get 503"
            ),
        }
    }
}

/// Why a server may not keep records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error(transparent)]
    Policy(#[from] UnsafePolicy),
    #[error("{0}")]
    Away(String),
    /// The connection was closed, which says nothing about the server.
    #[error("{0}")]
    Closed(String),
}

/// Reads the answer to `INFO`, which came at the time `now`, from a server that needs this many
/// replicas.
pub(super) fn read(info: &str, now: OffsetDateTime, needed: usize) -> Result<Fit, Unfit> {
    let field = |name: &str| {
        info.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim_end)
            .ok_or_else(|| Unfit::Away(format!("its INFO says no {name}")))
    };
    // With a limit on memory, all other policies may remove our records, because all of them expire.
    let policy = field("maxmemory_policy")?;
    if field("maxmemory")? != "0" && policy != "noeviction" {
        return Err(UnsafePolicy(policy.to_owned()).into());
    }
    if field("loading")? != "0" {
        return Err(Unfit::Away("it is loading its data".to_owned()));
    }
    match field("role")? {
        "master" => {}
        role => {
            return Err(Unfit::Away(format!(
                "its role is {role}, and only a primary may keep sessions"
            )));
        }
    }
    // In microseconds. Servers of old versions do not say it.
    let time = field("server_time_usec").ok();
    let seconds = time.and_then(|it| Some(it.parse::<i64>().ok()? / 1_000_000));
    Ok(Fit {
        is_durable: field("aof_enabled")? == "1",
        clock_ahead: seconds.map_or(0, |it| it - now.unix_timestamp()),
        replicas: info.lines().filter(|line| is_replica(line)).count(),
        needed,
    })
}

/// Returns whether a line of `INFO` shows a replica that is connected and up to date, such as
/// `slave0:ip=10.0.0.6,port=6379,state=online,offset=1234,lag=1`.
fn is_replica(line: &str) -> bool {
    let Some((name, fields)) = line.split_once(':') else {
        return false;
    };
    let number = name.strip_prefix("slave").unwrap_or_default();
    let field = |name: &str| {
        let mut fields = fields.split(',').filter_map(|field| field.split_once('='));
        fields.find_map(|(other, value)| (other == name).then(|| value.trim_end()))
    };
    let lag = field("lag").and_then(|lag| lag.parse::<u64>().ok());
    number.parse::<usize>().is_ok()
        && field("state") == Some("online")
        && lag.is_some_and(|lag| lag <= MAX_LAG)
}
