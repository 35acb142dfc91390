use super::*;

fn info(loading: u8, role: &str, maxmemory: u8, policy: &str, aof: u8) -> String {
    format!(
        "# Memory\r\nmaxmemory_human:0B\r\nmaxmemory:{maxmemory}\r\nmaxmemory_policy:{policy}\r\n\
         # Persistence\r\nasync_loading:1\r\nloading:{loading}\r\naof_enabled:{aof}\r\n\
         # Replication\r\nrole:{role}\r\n"
    )
}

fn read_now(info: &str) -> Result<Fit, Unfit> {
    read(info, OffsetDateTime::now_utc(), 0)
}

#[test]
fn replicas_count_if_they_are_online_and_have_acknowledged_lately() {
    let replica = |number, state, lag| {
        format!("slave{number}:ip=::1,port=6380,state={state},offset=14,lag={lag}\r\n")
    };
    let with = |replicas: &str, needed| {
        let info = info(0, "master", 0, "noeviction", 1) + "connected_slaves:9\r\n" + replicas;
        read(&info, OffsetDateTime::now_utc(), needed).expect("fit")
    };
    let all = replica(0, "online", 0)
        + &replica(1, "online", 2)
        + &replica(2, "online", 3)
        + &replica(3, "wait_bgsave", 0)
        + "slave4:ip=::1,port=6380,state=online\r\nslave_priority:100\r\n";
    assert_eq!(with(&all, 2).flaws().count(), 0);
    let lack = with(&all, 3).lack_of_replicas().expect("a flaw");
    assert!(lack.to_string().starts_with("2 of the 3 "), "{lack}");
    assert_eq!(with(&all, 3).new_flaws(&with(&all, 2)).count(), 1);
    let late = replica(0, "online", 3);
    for (replicas, needed, is_alone) in [("", 0, false), (&late, 1, true), (&all, 3, false)] {
        assert_eq!(with(replicas, needed).is_alone(), is_alone);
    }
}

#[test]
fn a_clock_that_is_more_than_30_seconds_off_is_a_flaw_until_it_is_right() {
    let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).expect("a time");
    let at = |ahead: i64| {
        let time = (now.unix_timestamp() + ahead) * 1_000_000;
        let info = info(0, "master", 0, "noeviction", 1);
        read(&format!("server_time_usec:{time}\r\n{info}"), now, 0).expect("fit")
    };
    for (ahead, text) in [
        (0, ""),
        (30, ""),
        (-30, ""),
        (31, "31 s ahead of"),
        (-604_800, "604800 s behind"),
    ] {
        let flaws: Vec<_> = at(ahead).flaws().map(|it| it.to_string()).collect();
        assert_eq!(flaws.len(), usize::from(!text.is_empty()), "{flaws:?}");
        assert!(flaws.concat().contains(text), "{flaws:?}");
    }
    assert_eq!(at(60).new_flaws(&at(0)).count(), 1);
    assert_eq!(at(61).new_flaws(&at(60)).count(), 0, "it is known");
}

#[test]
fn a_primary_that_keeps_what_it_is_given_is_fit() {
    for (maxmemory, policy) in [(0, "noeviction"), (1, "noeviction"), (0, "allkeys-lru")] {
        for aof in [0, 1] {
            let fit = read_now(&info(0, "master", maxmemory, policy, aof));
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
        let unfit = read_now(&info).expect_err("not fit").to_string();
        assert!(unfit.contains(because), "{unfit}");
    }
    for policy in ["allkeys-lru", "volatile-ttl"] {
        let unfit = read_now(&info(0, "slave", 1, policy, 1));
        assert_eq!(unfit, Err(UnsafePolicy(policy.to_owned()).into()));
    }
}
