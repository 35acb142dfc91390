//! A site whose handlers use sessions in ways that Signet's own pages do not.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State},
    http::{StatusCode, header::VARY},
    middleware::{Next, from_fn_with_state},
    response::Response,
    routing::{get, post},
};
use futures_util::stream;
use serde_json::Value;
use signet_session::{SessionConfig, SessionLayer};
use tokio::sync::Semaphore;
use tower_sessions::Session;

use crate::app::Pages;

/// Returns the pages, inside the session layer.
pub fn pages(config: SessionConfig) -> Pages {
    pages_behind(&Gate::default())(config)
}

/// Returns a function that makes the same pages, with a copy under `/slow`. There a request waits
/// at the gate, after its session was read and before its handler runs.
pub fn pages_behind(gate: &Gate) -> impl Fn(SessionConfig) -> Pages {
    let gate = gate.clone();
    move |config| {
        let slow = handlers().route_layer(from_fn_with_state(gate.clone(), wait));
        Pages::new(
            handlers()
                .nest("/slow", slow)
                .route_layer(SessionLayer::new(config)),
        )
    }
}

fn handlers() -> Router {
    Router::new()
        .route("/keep/{bytes}", get(keep))
        .route("/keep/{bytes}/{status}", get(keep_and_answer))
        .route("/keep_as/{key}", get(keep_as))
        .route("/keep_json", post(keep_json))
        .route(
            "/cycle",
            get(async |it: Session| it.cycle_id().await.unwrap()),
        )
        .route("/flush", get(async |it: Session| it.flush().await.unwrap()))
        .route(
            "/delete",
            get(async |it: Session| it.delete().await.unwrap()),
        )
        .route("/clear", get(async |it: Session| it.clear().await))
        .route("/remove", get(remove))
        .route("/flush_and_keep", get(flush_and_keep))
        .route("/cycle_and_keep", get(cycle_and_keep))
        .route("/cycle_and_save_and_keep", get(cycle_and_save_and_keep))
        .route("/flush_and_cycle_and_keep", get(flush_and_cycle_and_keep))
        .route("/delete_unread_and_keep", get(delete_unread_and_keep))
        .route("/clear_and_delete", get(clear_and_delete))
        .route("/delete_and_keep", get(delete_and_keep))
        .route("/flush_and_fail", get(flush_and_fail))
        .route("/vary", get(async || [(VARY, "accept-language")]))
        .route("/read", get(read))
        .route("/read_later", get(read_later))
}

/// Holds requests back. Each call of `open` lets one through.
#[derive(Clone)]
pub struct Gate {
    arrived: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            arrived: Arc::new(Semaphore::new(0)),
            open: Arc::new(Semaphore::new(0)),
        }
    }
}

impl Gate {
    /// Waits until a request has arrived.
    pub async fn arrival(&self) {
        self.arrived.acquire().await.unwrap().forget();
    }

    /// Lets one request through.
    pub fn open(&self) {
        self.open.add_permits(1);
    }
}

pub async fn wait(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    gate.arrived.add_permits(1);
    gate.open.acquire().await.unwrap().forget();
    next.run(request).await
}

async fn keep(session: Session, Path(bytes): Path<usize>) {
    session.insert("data", "x".repeat(bytes)).await.unwrap();
}

async fn keep_and_answer(
    session: Session,
    Path((bytes, status)): Path<(usize, u16)>,
) -> StatusCode {
    keep(session, Path(bytes)).await;
    StatusCode::from_u16(status).unwrap()
}

async fn keep_as(session: Session, Path(key): Path<String>) {
    session.insert(&key, "mine").await.unwrap();
}

async fn remove(session: Session) {
    session.remove_value("data").await.unwrap();
}

async fn flush_and_keep(session: Session) {
    session.flush().await.unwrap();
    keep(session, Path(1)).await;
}

async fn cycle_and_keep(session: Session) {
    session.cycle_id().await.unwrap();
    keep(session, Path(1)).await;
}

async fn cycle_and_save_and_keep(session: Session) {
    session.cycle_id().await.unwrap();
    session.save().await.unwrap();
    keep(session, Path(1)).await;
}

async fn flush_and_cycle_and_keep(session: Session) {
    session.flush().await.unwrap();
    cycle_and_keep(session).await;
}

async fn delete_unread_and_keep(session: Session) {
    session.delete().await.unwrap();
    keep(session, Path(1)).await;
}

async fn clear_and_delete(session: Session) {
    session.clear().await;
    session.delete().await.unwrap();
}

async fn delete_and_keep(session: Session) {
    session.get_value("data").await.unwrap();
    session.delete().await.unwrap();
    keep(session, Path(1)).await;
}

async fn flush_and_fail(session: Session) -> StatusCode {
    session.flush().await.unwrap();
    StatusCode::INTERNAL_SERVER_ERROR
}

async fn keep_json(session: Session, Json(json): Json<Value>) {
    session.insert("json", json).await.unwrap();
}

async fn read(session: Session) -> Json<Option<Value>> {
    Json(session.get("json").await.unwrap())
}

/// Returns a body that reads the session only while it is sent.
async fn read_later(session: Session) -> Body {
    Body::from_stream(stream::once(async move {
        let data: Option<String> = session.get("data").await.unwrap();
        Ok::<_, Infallible>(data.unwrap_or_default())
    }))
}
