//! The same three pages with actix-web and actix-session, for the benchmark.
//!
//! Called with two files: the page, in which `{name}` is replaced, and the headers that it has.

use actix_session::{
    Session, SessionMiddleware,
    config::{CookieContentSecurity, PersistentSession},
    storage::CookieSessionStore,
};
use actix_web::{
    App, HttpResponse, HttpServer,
    cookie::{Key, time::Duration},
    http::header::{HeaderMap, HeaderName, HeaderValue, LOCATION},
    web::{Data, Form, get, post},
};
use mimalloc::MiMalloc;
use serde::Deserialize;

/// Signet's allocator, as for all sites.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

struct Page {
    parts: Vec<String>,
    headers: HeaderMap,
}

#[derive(Deserialize)]
struct LoginForm {
    username: String,
}

async fn greet(page: Data<Page>, session: Session) -> HttpResponse {
    let name: Option<String> = session.get("username").expect("a session");
    let html = page.parts.join(name.as_deref().unwrap_or("nobody"));
    let mut response = HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(html);
    for (name, value) in &page.headers {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    response
}

async fn log_in(session: Session, form: Form<LoginForm>) -> HttpResponse {
    session.renew();
    session
        .insert("username", &form.username)
        .expect("a session");
    HttpResponse::SeeOther()
        .insert_header((LOCATION, "/"))
        .finish()
}

async fn log_out(session: Session) -> HttpResponse {
    session.purge();
    HttpResponse::SeeOther()
        .insert_header((LOCATION, "/"))
        .finish()
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let mut files = std::env::args().skip(1);
    let mut read = || std::fs::read_to_string(files.next().expect("a file"));
    let parts: Vec<_> = read()?.split("{name}").map(str::to_owned).collect();
    let headers = read()?
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| {
            let name = HeaderName::try_from(name).expect("a name");
            (name, HeaderValue::try_from(value).expect("a value"))
        })
        .collect();
    let page = Data::new(Page { parts, headers });
    let key = Key::from(&[7; 64]);
    let server = HttpServer::new(move || {
        let week = PersistentSession::default().session_ttl(Duration::days(7));
        let sessions = SessionMiddleware::builder(CookieSessionStore::default(), key.clone())
            .cookie_content_security(CookieContentSecurity::Signed)
            .cookie_secure(false)
            .session_lifecycle(week)
            .build();
        App::new()
            .app_data(page.clone())
            .wrap(sessions)
            .route("/", get().to(greet))
            .route("/login", post().to(log_in))
            .route("/logout", get().to(log_out))
    })
    .workers(1)
    .bind("127.0.0.1:0")?;
    eprintln!("listening on http://{}", server.addrs()[0]);
    server.run().await
}
