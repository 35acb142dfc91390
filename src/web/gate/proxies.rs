//! From where a visitor comes, perhaps through proxies.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRef, FromRequestParts, Request},
    http::{HeaderValue, request::Parts},
};

use super::{accept::is_navigation, cookies};
use crate::{public_url::Origins, users::TrustedProxies};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Returns the address of a visitor whose request may log in or out, perhaps through these proxies.
pub(in crate::web) fn visitor(request: &Request, trusted: &TrustedProxies) -> Option<IpAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    let lines = request.headers().get_all(FORWARDED_FOR).iter();
    Some(trusted.visitor(peer.ip(), lines.map(HeaderValue::as_bytes)))
}

/// The client that submits a form.
#[derive(Debug)]
pub(in crate::web) struct Client {
    /// The address from which the request comes.
    pub(in crate::web) peer: IpAddr,
    /// What proxies say about the address of the visitor: the lines of `X-Forwarded-For`.
    pub(in crate::web) forwarded_for: Vec<HeaderValue>,
    /// The public URL of the site.
    pub(in crate::web) site: String,
    /// Is true if the visitor uses https: then the peer is a proxy, because Signet itself speaks http.
    pub(in crate::web) has_proxy: bool,
    /// Is true if a browser says that it will show the response as a page. Other programs keep cookies, or
    /// know that they do not.
    pub(in crate::web) shows_pages: bool,
    /// The values of the cookie of known browsers.
    pub(in crate::web) known_browsers: Vec<String>,
}

impl<S> FromRequestParts<S> for Client
where
    S: Sync,
    Arc<Origins>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let forwarded_for = parts.headers.get_all(FORWARDED_FOR).iter();
        let origins = Arc::<Origins>::from_ref(state);
        let known_browsers = cookies::known_browsers(&parts.headers);
        Ok(Self {
            peer: peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |it| it.0.ip()),
            forwarded_for: forwarded_for.cloned().collect(),
            site: origins.public().to_owned(),
            has_proxy: origins.is_https(),
            shows_pages: is_navigation(&parts.headers),
            known_browsers: known_browsers.map(str::to_owned).collect(),
        })
    }
}
