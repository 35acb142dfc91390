//! A handler that does what the path of the request says.

use axum::{extract::Path, http::StatusCode};
use signet_session::{Session, SessionEnder};

/// Takes steps such as `end:anna.cycle.set:user:bob`, in order.
pub async fn take_steps(
    ender: SessionEnder,
    session: Session,
    Path(steps): Path<String>,
) -> StatusCode {
    for step in steps.split('.') {
        let mut words = step.split(':');
        let name = words.next().expect("a step");
        let mut word = || words.next().unwrap_or_default();
        match name {
            "nothing" => drop(session.get_value("user").await.unwrap()),
            "cycle" => session.cycle_id().await.unwrap(),
            "flush" => session.flush().await.unwrap(),
            "set" => session.insert(word(), word()).await.unwrap(),
            "end" => {
                if ender.end_all(word()).await.is_err() {
                    return StatusCode::SERVICE_UNAVAILABLE;
                }
            }
            other => panic!("no step {other}"),
        }
    }
    StatusCode::OK
}
