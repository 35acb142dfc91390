//! Sentinels, and which server they say is the primary.

use std::{cmp::Reverse, fmt, time::Duration};

use ::redis::{AsyncConnectionConfig, Client, RedisResult, cmd};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::time::timeout;

use super::{connection::away, info::Unfit};

/// How long a sentinel may take to answer. One that hangs must not hold up the others for long.
const DEADLINE: Duration = Duration::from_millis(250);

/// A host and a port.
pub(super) type HostAndPort = (String, u16);

/// The sentinels that watch a primary of this name.
#[derive(Clone)]
pub(super) struct Sentinels {
    pub(super) clients: Vec<Client>,
    pub(super) name: String,
}

impl Sentinels {
    /// Returns the servers that sentinels say are the primary, those that most of them name first.
    ///
    /// One that was cut off, or has been stopped for a while, may name a server that is not.
    pub(super) async fn primaries(&self) -> Result<Vec<HostAndPort>, Unfit> {
        let asked = self.clients.iter().enumerate();
        let mut answers: FuturesUnordered<_> = asked
            .map(async |(index, sentinel)| (index, self.ask(sentinel).await))
            .collect();
        let mut named: Vec<(HostAndPort, usize)> = Vec::new();
        let mut causes = Vec::new();
        while let Some((index, answer)) = answers.next().await {
            let server = match answer {
                Ok(server) => server,
                Err(cause) => {
                    causes.push((index, cause));
                    continue;
                }
            };
            let known = named.iter().position(|(known, _)| *known == server);
            let known = known.unwrap_or_else(|| {
                named.push((server, 0));
                named.len() - 1
            });
            named[known].1 += 1;
            if named[known].1 > self.clients.len() / 2 {
                // The others would not change that.
                break;
            }
        }
        named.sort_by_key(|(_, votes)| Reverse(*votes));
        match causes.into_iter().min_by_key(|(index, _)| *index) {
            Some((_, cause)) if named.is_empty() => Err(away(cause)),
            _ => Ok(named.into_iter().map(|(server, _)| server).collect()),
        }
    }

    /// Asks one sentinel. An error says why it names no server.
    async fn ask(&self, sentinel: &Client) -> Result<HostAndPort, String> {
        let address = sentinel.get_connection_info().addr();
        match timeout(DEADLINE, ask(sentinel, &self.name)).await {
            Ok(Ok(Some(server))) => Ok(server),
            Ok(Ok(None)) => Err(format!(
                "the sentinel {address} knows no primary of the name {}",
                self.name
            )),
            Ok(Err(error)) => Err(format!("the sentinel {address}: {error}")),
            Err(_) => Err(format!(
                "the sentinel {address} did not answer within {DEADLINE:?}"
            )),
        }
    }
}

async fn ask(sentinel: &Client, name: &str) -> RedisResult<Option<HostAndPort>> {
    // The caller has a deadline for all of it.
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None);
    let connection = sentinel.get_multiplexed_async_connection_with_config(&config);
    let mut connection = connection.await?;
    cmd("SENTINEL")
        .arg("get-master-addr-by-name")
        .arg(name)
        .query_async(&mut connection)
        .await
}

impl fmt::Debug for Sentinels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sentinels")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        thread::{sleep, spawn},
    };

    use ::redis::{ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo};

    use super::*;

    /// Starts a sentinel that gives this answer, or none.
    fn sentinel(answer: Option<&'static str>) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        spawn(move || {
            for socket in listener.incoming() {
                let mut socket = socket.expect("a connection");
                if let Some(answer) = answer {
                    let _ = socket.read(&mut [0; 1024]);
                    let _ = socket.write_all(answer.as_bytes());
                }
                // Dropping it would close it, and the client might miss the answer.
                spawn(move || {
                    sleep(Duration::from_secs(10));
                    drop(socket);
                });
            }
        });
        let redis = RedisConnectionInfo::default().set_skip_set_lib_name();
        let address = ConnectionAddr::Tcp("127.0.0.1".to_owned(), address.port());
        let info = address.into_connection_info().expect("an address");
        Client::open(info.set_redis_settings(redis)).expect("an address")
    }

    const OLD: Option<&str> = Some("*2\r\n$8\r\n10.0.0.5\r\n$4\r\n6379\r\n");
    const NEW: Option<&str> = Some("*2\r\n$8\r\n10.0.0.6\r\n$4\r\n6379\r\n");
    const UNKNOWN: Option<&str> = Some("*-1\r\n");
    const HANGING: Option<&str> = None;

    async fn primaries(answers: &[Option<&'static str>]) -> Result<Vec<String>, String> {
        let sentinels = Sentinels {
            clients: answers.iter().copied().map(sentinel).collect(),
            name: "main".to_owned(),
        };
        let found = sentinels.primaries().await;
        let found = found.map_err(|unfit| unfit.to_string())?;
        Ok(found.into_iter().map(|(host, _)| host).collect())
    }

    #[tokio::test]
    async fn the_server_that_most_sentinels_name_comes_first() {
        let (old, new) = ("10.0.0.5".to_owned(), "10.0.0.6".to_owned());
        for answers in [
            &[NEW][..],
            &[HANGING, NEW],
            &[HANGING, NEW, NEW],
            &[OLD, NEW, NEW],
            &[HANGING, OLD, UNKNOWN, NEW, NEW],
        ] {
            let found = primaries(answers).await.expect("a primary");
            assert_eq!(found[0], new, "{answers:?}");
            assert_eq!(found[1..], vec![old.clone(); found.len() - 1]);
        }
        let mut undecided = primaries(&[OLD, NEW]).await.expect("two");
        undecided.sort();
        assert_eq!(undecided, [old, new]);
    }

    #[tokio::test]
    async fn sentinels_that_name_no_server_are_an_error_that_says_why() {
        for (answers, cause) in [
            (&[UNKNOWN][..], "knows no primary of the name main"),
            (&[UNKNOWN, HANGING], "knows no primary"),
            (&[HANGING], "did not answer"),
            (&[Some("-NOAUTH Authentication required.\r\n")], "NOAUTH"),
        ] {
            let error = primaries(answers).await.expect_err("no primary");
            assert!(error.contains(cause), "{error}");
        }
    }
}
