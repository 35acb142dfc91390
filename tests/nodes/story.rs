//! A visitor of several nodes while nothing is wrong, and races between the nodes.

use std::thread;

use crate::nodes::{KEY, NEW_KEY, Nodes, WAYS};

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn after_a_logout_on_one_node_a_copy_is_refused_on_all() {
    for way in WAYS {
        let nodes = Nodes::start(way);
        for node in 0..3 {
            let mut clients = nodes.clients();
            let cookie = clients[node].post("/login", "", "username=admin").cookie();
            for client in &mut clients {
                assert!(client.get("/", &cookie).greets("admin"));
            }
            clients[node].get("/logout", &cookie).has_status(303);
            for client in &mut clients {
                assert!(client.get("/", &cookie).greets_nobody());
            }
            // A login over a session ends it too.
            let old = clients[node].post("/login", "", "username=old").cookie();
            let new = clients[(node + 1) % 3].post("/login", &old, "username=new");
            for client in &mut clients {
                assert!(client.get("/", &old).greets_nobody());
                assert!(client.get("/", &new.cookie()).greets("new"));
            }
        }
    }
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_renewal_that_races_a_logout_or_a_login_on_another_node_brings_nothing_back() {
    for way in WAYS {
        let mut nodes = Nodes::start(way);
        let mut logins = nodes.clients();
        let cookies: Vec<_> = (0..200)
            .map(|_| logins[0].post("/login", "", "username=admin").cookie())
            .collect();
        // A cookie that a fallback key signed is renewed by the next request.
        nodes.use_keys(NEW_KEY, KEY);
        for (index, cookie) in cookies.iter().enumerate() {
            let [mut one, mut two, mut three] = nodes.clients();
            let answer = thread::scope(|scope| {
                let renewal = scope.spawn(|| one.get("/", cookie));
                let end = scope.spawn(|| match index % 2 {
                    0 => two.get("/logout", cookie),
                    _ => two.post("/login", cookie, "username=other"),
                });
                end.join().expect("no panic").has_status(303);
                renewal.join().expect("no panic").has_status(200)
            });
            let mut old = vec![cookie.clone()];
            if answer.set_cookie().is_some() {
                old.push(answer.cookie());
            }
            for cookie in &old {
                for client in [&mut one, &mut two, &mut three] {
                    assert!(client.get("/", cookie).greets_nobody());
                }
            }
        }
    }
}
