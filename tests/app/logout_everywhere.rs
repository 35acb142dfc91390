//! Logging out everywhere, on a site with passwords.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::{
    body::Body,
    http::{Method, header::RETRY_AFTER},
};
use signet_session::{DataIn, Id, MemoryStore, Record, Records, StoreError};

use crate::{
    app::{Page, TestApp, site},
    door::{TARGET, doors},
    store::TestStore,
    users::{BCRYPT, GuardedApp, PASSWORD, credentials},
};

const LINK: &str = "/logout?everywhere=1";
const FORM: &str = "everywhere=1";
const BOTH: [DataIn; 2] = [DataIn::Cookie, DataIn::Store];
const FORM_TYPE: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Returns two sites with the users `admin` and `Bob`: with the data in the cookie, and in the store.
fn both() -> [GuardedApp; 2] {
    BOTH.map(|data_in| with_store(data_in, TestStore::embedded()))
}

fn with_store(data_in: DataIn, store: TestStore) -> GuardedApp {
    GuardedApp::with_store_in(data_in, store, &format!("admin:{BCRYPT}\nBob:{BCRYPT}\n"))
}

/// Logs in another visitor.
async fn log_in(app: &TestApp, name: &str) -> TestApp {
    let visitor = app.another_visitor();
    visitor.log_in_with(name, PASSWORD).await.redirects_to("/");
    visitor
}

async fn ask_in(app: &TestApp, language: &str, method: Method, path: &str, form: &str) -> Page {
    let headers = [("accept-language", language), FORM_TYPE];
    let form = Body::from(form.to_owned());
    app.send_with(&headers, method, path, form).await
}

#[tokio::test]
async fn asvs_7_5_2_a_user_ends_all_of_their_sessions_on_every_device() {
    for app in both() {
        // The name in the file is not the canonical one.
        let [laptop, phone, other] = [
            log_in(&app, "Bob").await,
            log_in(&app, "BOB").await,
            log_in(&app, "admin").await,
        ];
        let copy = laptop.thief();
        let page = laptop.post("/logout", FORM).await;
        page.redirects_to("/");
        assert_eq!(laptop.cookie(), None);
        for visitor in [&phone, &copy] {
            visitor.get("/").await.greets_nobody();
        }
        other.get("/").await.greets("admin");
        for visitor in [laptop, phone] {
            visitor.log_in_with("bob", PASSWORD).await.redirects_to("/");
            visitor.get("/").await.greets("Bob");
        }
        copy.get("/").await.greets_nobody();
    }
}

/// The file of users says so: the operator has replaced the line.
#[tokio::test]
async fn asvs_7_4_3_a_new_password_ends_all_sessions_of_the_user() {
    for app in both() {
        let visitors = [log_in(&app, "Bob").await, log_in(&app, "Bob").await];
        let again = crate::users::hash_of_cost(4);
        app.change_file(&format!("admin:{BCRYPT}\nBob:{again}\n"))
            .await;
        for visitor in visitors {
            visitor.get("/").await.greets_nobody();
        }
    }
}

#[tokio::test]
async fn the_next_page_says_once_that_the_visitor_is_logged_out_everywhere() {
    for (language, text) in [
        ("en", "You are logged out everywhere."),
        ("zh-TW", "您已登出所有裝置。"),
        ("zh-CN", "您已在所有设备上退出登录。"),
    ] {
        let app = GuardedApp::new();
        let visitor = log_in(&app, "admin").await;
        let page = visitor.post("/logout", FORM).await;
        let note = "logged_out=everywhere; Path=/; HttpOnly; SameSite=Lax; Max-Age=60";
        page.sets_cookie("logged_out", note);
        let get = || ask_in(&visitor, language, Method::GET, "/", "");
        let page = get().await;
        page.shows(text);
        let page = get().await;
        assert!(!page.text().contains(text), "{}", page.html);
    }
}

#[tokio::test]
async fn the_page_of_a_visitor_has_a_second_link_which_leads_to_a_question() {
    for (language, tag, [link, question, sentence, button]) in [
        (
            "en",
            "en",
            [
                "Log out everywhere",
                "Do you want to log out everywhere?",
                "This ends every session of admin, on every device.",
                "Log out everywhere",
            ],
        ),
        (
            "zh-TW",
            "zh-Hant",
            [
                "登出所有裝置",
                "確定要登出所有裝置嗎？",
                "admin 會在所有裝置上登出。",
                "登出所有裝置",
            ],
        ),
        (
            "zh-CN",
            "zh-Hans",
            [
                "在所有设备上退出登录",
                "在所有设备上退出登录？",
                "admin 会在所有设备上退出登录。",
                "在所有设备上退出登录",
            ],
        ),
    ] {
        let app = GuardedApp::new();
        let visitor = log_in(&app, "admin").await;
        let home = ask_in(&visitor, language, Method::GET, "/", "").await;
        home.links(link, LINK);
        let at = |text: &str| home.html.find(text).expect("a link");
        assert!(at("href=\"/logout\"") < at(LINK), "{}", home.html);

        let page = ask_in(&visitor, language, Method::GET, LINK, "").await;
        page.has_status(200);
        page.sets_no_cookie();
        for text in [question, sentence, button] {
            page.shows(text);
        }
        assert!(
            page.html.contains("<form method=\"post\" action=\"/logout\">\n<input type=\"hidden\" name=\"everywhere\" value=\"1\">"),
            "{}",
            page.html
        );
        // The links to the other languages keep the question.
        let href = format!("?everywhere=1&lang={tag}");
        let href = href.replace('&', "&#38;");
        assert!(page.html.contains(&href), "no {href} in {}", page.html);
        let page = visitor.get(&format!("{LINK}&lang={tag}")).await;
        page.has_status(200);
        page.shows(question);
        visitor.get(&format!("/?lang={tag}")).await.shows("admin");
    }
}

#[tokio::test]
async fn a_get_ends_nothing_whoever_sent_the_visitor() {
    for app in both() {
        let visitor = log_in(&app, "admin").await;
        for headers in [
            &[][..],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "cross-site")],
            &[("referer", "https://evil.example/")],
            &[("sec-purpose", "prefetch")],
        ] {
            for method in [Method::GET, Method::HEAD] {
                let page = visitor
                    .send_with(headers, method.clone(), LINK, Body::empty())
                    .await;
                if method == Method::GET {
                    page.has_status(200);
                }
                page.sets_no_cookie();
                visitor.get("/").await.greets("admin");
            }
        }
    }
}

#[tokio::test]
async fn only_the_value_1_ends_all_sessions_and_any_other_form_logs_out_here() {
    for app in both() {
        for (headers, form) in [
            (&[FORM_TYPE][..], ""),
            (&[FORM_TYPE], "everywhere"),
            (&[FORM_TYPE], "everywhere="),
            (&[FORM_TYPE], "everywhere=0"),
            (&[FORM_TYPE], "everywhere=true"),
            (&[FORM_TYPE], "everywhere=1&everywhere=1"),
            (&[FORM_TYPE], "everywhere=%ff"),
            (&[FORM_TYPE], "x=1"),
            (&[("content-type", "text/plain")], FORM),
            (
                &[("content-type", "application/json")],
                "{\"everywhere\":1}",
            ),
        ] {
            let [here, there] = [log_in(&app, "admin").await, log_in(&app, "admin").await];
            let form = Body::from(form);
            let page = here.send_with(headers, Method::POST, "/logout", form).await;
            page.redirects_to("/");
            let page = here.get("/").await;
            page.greets_nobody();
            there.get("/").await.greets("admin");
        }
    }
}

#[tokio::test]
async fn the_form_of_another_site_is_refused() {
    let app = GuardedApp::new();
    let visitor = log_in(&app, "admin").await;
    for header in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let headers = [header, FORM_TYPE];
        let page = visitor
            .send_with(&headers, Method::POST, "/logout", Body::from(FORM))
            .await;
        page.has_status(403);
        page.sets_no_cookie();
    }
    visitor.get("/").await.greets("admin");
}

#[tokio::test]
async fn a_visitor_who_is_not_logged_in_is_sent_home() {
    for app in both() {
        app.get(LINK).await.redirects_to("/");
        let page = app.post("/logout", FORM).await;
        page.redirects_to("/");
        page.sets_no_cookie();
        let home = app.get("/").await;
        assert!(!home.html.contains("everywhere"), "{}", home.html);
    }
}

/// Anybody could end the sessions of anybody else.
#[tokio::test]
async fn without_users_there_is_no_such_link_and_it_is_an_ordinary_logout() {
    for app in TestApp::in_both_ways(site) {
        let [here, there] = [app.another_visitor(), app.another_visitor()];
        for visitor in [&here, &there] {
            visitor.log_in("admin").await;
        }
        let home = here.get("/").await;
        assert!(!home.html.contains("everywhere"), "{}", home.html);
        here.get(LINK).await.redirects_to("/");
        here.get("/").await.greets_nobody();
        here.log_in("admin").await;
        here.post("/logout", FORM).await.redirects_to("/");
        here.get("/").await.greets_nobody();
        there.get("/").await.greets("admin");
    }
}

#[tokio::test]
async fn guarded_sites_refuse_the_visitor_at_the_next_question() {
    for app in doors() {
        let form = format!("{}&rd={TARGET}", credentials("admin", PASSWORD));
        let [laptop, phone] = [app.another_visitor(), app.another_visitor()];
        for visitor in [&laptop, &phone] {
            visitor.post("/login", form.clone()).await.has_status(303);
        }
        let question = [("x-original-url", TARGET), ("x-original-method", "GET")];
        let ask = || phone.send_with(&question, Method::GET, "/auth", Body::empty());
        ask().await.has_status(200);
        laptop.post("/logout", FORM).await.redirects_to("/");
        ask().await.has_status(401);
    }
}

/// A store whose changes fail on demand.
#[derive(Clone, Debug, Default)]
struct Failing {
    store: MemoryStore,
    error: Arc<Mutex<Option<StoreError>>>,
    /// How many changes succeed before the store is full.
    room: Arc<Mutex<Option<usize>>>,
}

impl Failing {
    fn fail_after_changes(&self, room: usize) {
        *self.room.lock().unwrap() = Some(room);
    }

    /// Counts a change that was made.
    fn count(&self, is_done: bool) -> bool {
        if let Some(room) = &mut *self.room.lock().unwrap()
            && is_done
        {
            *room -= 1;
            if *room == 0 {
                self.fail(StoreError::Full);
            }
        }
        is_done
    }

    fn fail(&self, error: impl Into<Option<StoreError>>) {
        *self.error.lock().unwrap() = error.into();
    }

    fn check(&self) -> Result<(), StoreError> {
        self.error.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl Records for Failing {
    async fn get(&self, id: Id) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(id).await
    }

    async fn add(&self, record: Record) -> Result<bool, StoreError> {
        self.check()?;
        Ok(self.count(self.store.add(record).await?))
    }

    async fn replace(&self, record: Record) -> Result<bool, StoreError> {
        // A full store finds no record to replace, and that is no error.
        match self.check() {
            Err(StoreError::Full) => Ok(false),
            Err(error) => Err(error),
            Ok(()) => self.store.replace(record).await,
        }
    }

    async fn remove(&self, id: Id) -> Result<bool, StoreError> {
        self.check()?;
        self.store.remove(id).await
    }
}

#[tokio::test]
async fn a_failure_says_whether_nothing_was_ended_or_that_it_is_not_known() {
    let away = || StoreError::Unavailable("it did not answer in time".into());
    for data_in in BOTH {
        let store = Failing::default();
        let app = with_store(data_in, TestStore::of(store.clone()));
        let [here, there] = [log_in(&app, "admin").await, log_in(&app, "admin").await];
        for (error, language, texts) in [
            (
                StoreError::Full,
                "en",
                ["No session was ended", "still logged in"],
            ),
            (
                StoreError::Full,
                "zh-TW",
                ["沒有登出任何裝置", "仍處於登錄狀態"],
            ),
            (
                StoreError::Full,
                "zh-CN",
                ["没有结束任何设备上的登录", "仍处于登录状态"],
            ),
            (
                away(),
                "en",
                ["It is not known whether", "go to the home page"],
            ),
            (away(), "zh-TW", ["不確定是否已登出所有裝置", "請回到首頁"]),
            (
                away(),
                "zh-CN",
                ["不确定是否已在所有设备上退出登录", "请返回首页"],
            ),
        ] {
            store.fail(error);
            let page = ask_in(&here, language, Method::POST, "/logout", FORM).await;
            page.has_status(503);
            page.sets_no_cookie();
            assert_eq!(page.header(RETRY_AFTER), "5");
            for text in texts {
                page.shows(text);
            }
            // The links to the other languages lead to the question.
            assert!(
                page.html.contains("?everywhere=1&#38;lang=en"),
                "{}",
                page.html
            );
            store.fail(None);
            for visitor in [&here, &there] {
                visitor.get("/").await.greets("admin");
            }
        }
        here.post("/logout", FORM).await.redirects_to("/");
        there.get("/").await.greets_nobody();
    }
}

/// The last room in the store is for the end of all sessions. The session of the request needs none.
#[tokio::test]
async fn a_store_that_is_full_after_the_end_of_all_sessions_is_no_failure() {
    for data_in in BOTH {
        let store = Failing::default();
        let app = with_store(data_in, TestStore::of(store.clone()));
        let [here, there] = [log_in(&app, "admin").await, log_in(&app, "admin").await];
        let copy = here.thief();
        store.fail_after_changes(1);
        let page = here.post("/logout", FORM).await;
        page.redirects_to("/");
        assert_eq!(here.cookie(), None, "{data_in}");
        for visitor in [there, copy] {
            visitor.get("/").await.greets_nobody();
        }
    }
}

/// While the store does not answer at all, the page of the ordinary logout says the same.
#[tokio::test]
async fn while_the_store_is_away_nothing_is_ended() {
    for app in both() {
        let visitor = log_in(&app, "admin").await;
        app.store.set_broken(true);
        for page in [visitor.get(LINK).await, visitor.post("/logout", FORM).await] {
            page.has_status(503);
            page.sets_no_cookie();
            page.shows("您仍處於登錄狀態");
        }
        app.store.set_broken(false);
        visitor.get("/").await.greets("admin");
    }
}
