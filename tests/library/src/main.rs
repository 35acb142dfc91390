//! Another axum application that uses Signet's session layer. It counts visits.

use std::{env, error::Error, path::Path};

use axum::{
    Form, Router,
    http::StatusCode,
    middleware::map_response,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use signet_session::{
    CookieOptions, EmbeddedStore, SecretKey, Session, SessionBegan, SessionConfig, SessionError,
    SessionLayer, session,
};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let key = SecretKey::new(&env::var("SECRET_KEY")?);
    let key = key.map_err(|error| format!("SECRET_KEY {error}"))?;
    let store = EmbeddedStore::open(Path::new(&env::var("STORE")?), 100_000)?;
    // For https, leave out `cookie(...)`: the default is a `__Host-` cookie.
    let config = SessionConfig::in_cookie(key, store).cookie(&CookieOptions::plain_http())?;
    let app = Router::new()
        .route("/", get(greet))
        .route("/since", get(since))
        .route("/login", post(log_in))
        .route(
            "/rotate",
            post(async |it: Session| it.cycle_id().await.map_err(refuse)),
        )
        .route(
            "/logout",
            post(async |it: Session| it.flush().await.map_err(refuse)),
        )
        .layer(SessionLayer::new(config))
        .layer(map_response(explain));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

async fn greet(session: Session) -> Result<String, StatusCode> {
    let Some(name) = session.get::<String>("name").await.map_err(refuse)? else {
        return Ok("Who are you?".to_owned());
    };
    let visits = session.get::<u32>("visits").await.map_err(refuse)?;
    let visits = visits.unwrap_or(0) + 1;
    session.insert("visits", visits).await.map_err(refuse)?;
    Ok(format!("Hello {name}, this is visit {visits}."))
}

/// Says when the session began, in unix seconds.
async fn since(began: Option<SessionBegan>) -> String {
    began.map_or("never".to_owned(), |SessionBegan(at)| {
        at.unix_timestamp().to_string()
    })
}

#[derive(Deserialize)]
struct Login {
    username: String,
}

async fn log_in(session: Session, Form(login): Form<Login>) -> Result<Redirect, StatusCode> {
    // The data in the session belongs to the previous visitor.
    session.flush().await.map_err(refuse)?;
    session
        .insert("name", login.username)
        .await
        .map_err(refuse)?;
    Ok(Redirect::to("/"))
}

fn refuse(_: session::Error) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

/// Adds a page to the layer's errors: the store is full or broken, or the session is too large.
async fn explain(response: Response) -> Response {
    match response.extensions().get::<SessionError>() {
        Some(error) => (response.status(), format!("Sorry: {error}.")).into_response(),
        None => response,
    }
}
