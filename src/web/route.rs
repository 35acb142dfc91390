//! The routes by the names that metrics have for them.

use super::{forward_auth, pages::assets};

/// The route of a request. There is a limit on how many there are, unlike on paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The greeting.
    Home,
    /// The form.
    Login,
    /// The logout.
    Logout,
    /// The question of a proxy.
    Auth,
    /// The style sheet or the icon.
    Asset,
    /// No page has this path.
    Other,
}

impl Route {
    /// All routes, in the order of their discriminants.
    pub const ALL: [Self; 6] = [
        Self::Home,
        Self::Login,
        Self::Logout,
        Self::Auth,
        Self::Asset,
        Self::Other,
    ];

    /// Returns the route of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        match path {
            "/" => Self::Home,
            "/login" => Self::Login,
            "/logout" => Self::Logout,
            _ if forward_auth::has(path) => Self::Auth,
            _ if assets::has(path) => Self::Asset,
            _ => Self::Other,
        }
    }

    /// Returns the name of the route: its path, or a word for several paths.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Login => "/login",
            Self::Logout => "/logout",
            Self::Auth => forward_auth::PATH,
            Self::Asset => "asset",
            Self::Other => "other",
        }
    }
}
