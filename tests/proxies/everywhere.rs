//! Logging out everywhere, on guarded sites.

use crate::guarded::{APP, Guarded, KINDS, PAGE, WIKI, ask};

#[test]
#[ignore = "needs Caddy, nginx and openssl"]
fn who_logs_out_everywhere_is_logged_out_of_all_sites_in_all_browsers() {
    for kind in KINDS {
        let guarded = Guarded::start(kind, |signet| signet);
        let (laptop, phone) = (guarded.log_in(), guarded.log_in());
        let mut login = guarded.client("login.example.com");
        for host in [APP, WIKI] {
            ask(&mut guarded.client(host), "GET /", &phone, PAGE, "").reached("GET /");
        }
        let question = login.get("/logout?everywhere=1", &laptop).has_status(200);
        assert!(question.set_cookie().is_none(), "{question:?}");
        ask(&mut guarded.client(APP), "GET /", &phone, PAGE, "").reached("GET /");
        let answer = login
            .post("/logout", &laptop, "everywhere=1")
            .has_status(303);
        assert_eq!(answer.header("location"), Some("/"), "{answer:?}");
        for host in [APP, WIKI] {
            for cookie in [&laptop, &phone] {
                let answer = ask(&mut guarded.client(host), "GET /", cookie, PAGE, "");
                guarded.sends_to_login(&answer, &format!("https%3A%2F%2F{host}%2F"));
            }
        }
        let again = guarded.log_in();
        ask(&mut guarded.client(APP), "GET /", &again, PAGE, "").reached("GET /");
    }
}
