//! One visitor who sends many requests at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::app::{TestApp, site};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_concurrent_logins_logouts_and_reads_each_get_a_consistent_answer() {
    for app in TestApp::in_both_ways(site) {
        app.log_in("before").await;
        // Set as soon as a request that ends the session they share was answered.
        let has_ended = Arc::new(AtomicBool::new(false));
        let requests: Vec<_> = (0..50)
            .map(|number| {
                let visitor = app.thief();
                let has_ended = Arc::clone(&has_ended);
                tokio::spawn(async move {
                    let is_over = has_ended.load(Ordering::SeqCst);
                    match number % 5 {
                        0 => {
                            visitor
                                .log_in(&format!("user{number}"))
                                .await
                                .redirects_to("/");
                            has_ended.store(true, Ordering::SeqCst);
                            visitor.get("/").await.greets(&format!("user{number}"));
                        }
                        1 => {
                            visitor.get("/logout").await.redirects_to("/");
                            has_ended.store(true, Ordering::SeqCst);
                            assert_eq!(visitor.cookie(), None);
                            visitor.get("/").await.greets_nobody();
                        }
                        _ => {
                            let page = visitor.get("/").await;
                            page.sets_no_cookie();
                            if is_over || !page.html.contains("登錄用戶名是") {
                                page.greets_nobody();
                            } else {
                                page.greets("before");
                            }
                        }
                    }
                })
            })
            .collect();
        for request in requests {
            request.await.unwrap();
        }
        app.get("/").await.greets_nobody();
    }
}
