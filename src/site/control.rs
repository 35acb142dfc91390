//! Serves the control socket, at which `signet logout` asks.

use tokio::sync::watch;

use crate::{
    config::Config,
    operations::control::{self, Controlled},
    server::{self, Listener, OpenConnections},
    web::App,
};

/// How many connections are served at once. One operator needs one.
const MAX_CONNECTIONS: u32 = 16;

/// Answers at the control socket, if there is one, until the first stop signal.
pub(super) fn serve(
    socket: Option<Listener>,
    config: &Config,
    site: &App,
    stop: watch::Receiver<u32>,
) {
    let Some(socket) = socket else { return };
    let routes = control::routes(Controlled {
        sessions: site.sessions().clone(),
        has_users: config.users.is_some(),
        has_names_in_log: config.log_names,
    });
    let open = OpenConnections::default();
    tokio::spawn(server::serve(
        socket,
        routes,
        MAX_CONNECTIONS,
        open,
        || {},
        stop,
    ));
}
