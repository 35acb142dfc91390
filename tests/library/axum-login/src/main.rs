//! An application whose users are axum-login's, whose messages are axum-messages', and whose sessions
//! are signet-session's.

mod users;

#[cfg(test)]
mod tests;

use std::{env, error::Error};

use axum::{
    Form, Router,
    http::StatusCode,
    response::{Html, Redirect},
    routing::{get, post},
};
use axum_login::{AuthManager, login_required, permission_required};
use axum_messages::{Messages, MessagesManagerLayer};
use serde::Deserialize;
use signet_session::{
    CookieOptions, EmbeddedStore, Expiry, Records, SecretKey, SessionConfig, SessionLayer,
};
use tokio::net::TcpListener;
use tower::Layer as _;

use crate::users::{Credentials, Users};

type AuthSession = axum_login::AuthSession<Users>;

/// The application as a service: the layer, and axum-login's service in it.
type App = signet_session::SessionService<AuthManager<Router, Users>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let key: SecretKey = env::var("SECRET_KEY")?.parse()?;
    let store = EmbeddedStore::open(env::var("STORE")?, 100_000)?;
    let app = app(layer(key, store)?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    let app = Router::new().fallback_service(app);
    Ok(axum::serve(listener, app).await?)
}

/// Returns the layer, for plain http. For https, leave out `cookie(...)`.
fn layer(key: SecretKey, store: impl Records) -> Result<SessionLayer, Box<dyn Error>> {
    let config = SessionConfig::in_store(key, store)
        .cookie(&CookieOptions::plain_http())?
        // Where axum-login keeps the ID of the user.
        .subject_with(|data| {
            let user = data.get("axum-login.data")?.get("user_id")?;
            Some(user.as_i64()?.to_string())
        });
    Ok(SessionLayer::new(config))
}

fn app(sessions: SessionLayer) -> App {
    let pages = Router::new()
        .route("/restricted", get(async || "for staff"))
        .route_layer(permission_required!(Users, "restricted.read"))
        .route("/", get(greet))
        .route_layer(login_required!(Users, login_url = "/login"))
        .route("/login", post(log_in).get(show_form))
        .route("/logout", post(log_out))
        .layer(MessagesManagerLayer);
    sessions.layer(AuthManager::new(pages, Users::new(), "axum-login.data"))
}

async fn greet(auth: AuthSession, messages: Messages) -> String {
    let name = auth.user.map(|it| it.name);
    let messages: Vec<_> = messages.map(|it| it.to_string()).collect();
    format!("Hello {}! {}", name.unwrap_or_default(), messages.join(" "))
}

async fn show_form(messages: Messages) -> Html<String> {
    let messages: Vec<_> = messages.map(|it| it.to_string()).collect();
    Html(format!("<form method=post>{}", messages.join(" ")))
}

#[derive(Deserialize)]
struct Login {
    username: String,
    password: String,
    /// Not there unless the box is ticked.
    remember: Option<String>,
    next: Option<String>,
}

async fn log_in(
    mut auth: AuthSession,
    messages: Messages,
    Form(form): Form<Login>,
) -> Result<Redirect, StatusCode> {
    let credentials = Credentials {
        username: form.username,
        password: form.password,
    };
    let user = auth.authenticate(credentials).await.map_err(refuse)?;
    let Some(user) = user else {
        messages.error("Invalid credentials");
        return Ok(Redirect::to("/login"));
    };
    auth.login(&user).await.map_err(refuse)?;
    if form.remember.is_none() {
        auth.session.set_expiry(Some(Expiry::OnSessionEnd));
    }
    messages.success(format!("Logged in as {}", user.name));
    // Only our own paths.
    let next = form
        .next
        .filter(|it| it.starts_with('/') && !it.starts_with("//"));
    Ok(Redirect::to(next.as_deref().unwrap_or("/")))
}

async fn log_out(mut auth: AuthSession) -> Result<Redirect, StatusCode> {
    auth.logout().await.map_err(refuse)?;
    Ok(Redirect::to("/login"))
}

fn refuse<E>(_: E) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}
