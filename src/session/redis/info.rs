//! What a server says about itself in the answer to `INFO`, and whether it may keep records.

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
    pub(super) is_durable: bool,
}

/// Why a server may not keep records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error(transparent)]
    Policy(#[from] UnsafePolicy),
    #[error("{0}")]
    Away(String),
}

/// Reads the answer to `INFO`.
pub(super) fn read(info: &str) -> Result<Fit, Unfit> {
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
    Ok(Fit {
        is_durable: field("aof_enabled")? == "1",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(loading: u8, role: &str, maxmemory: u8, policy: &str, aof: u8) -> String {
        format!(
            "# Memory\r\nmaxmemory_human:0B\r\nmaxmemory:{maxmemory}\r\nmaxmemory_policy:{policy}\r\n\
             # Persistence\r\nasync_loading:1\r\nloading:{loading}\r\naof_enabled:{aof}\r\n\
             # Replication\r\nrole:{role}\r\n"
        )
    }

    #[test]
    fn a_primary_that_keeps_what_it_is_given_is_fit() {
        for (maxmemory, policy) in [(0, "noeviction"), (1, "noeviction"), (0, "allkeys-lru")] {
            for aof in [0, 1] {
                let fit = read(&info(0, "master", maxmemory, policy, aof));
                assert_eq!(fit.map(|it| it.is_durable), Ok(aof == 1));
            }
        }
    }

    #[test]
    fn other_servers_are_not() {
        for (info, because) in [
            (info(1, "master", 0, "noeviction", 1), "loading"),
            (info(0, "slave", 0, "noeviction", 1), "role is slave"),
            (String::new(), "no maxmemory_policy"),
        ] {
            let unfit = read(&info).expect_err("not fit").to_string();
            assert!(unfit.contains(because), "{unfit}");
        }
        for policy in ["allkeys-lru", "volatile-ttl"] {
            let unfit = read(&info(0, "slave", 1, policy, 1));
            assert_eq!(unfit, Err(UnsafePolicy(policy.to_owned()).into()));
        }
    }
}
