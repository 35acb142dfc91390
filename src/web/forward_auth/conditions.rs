//! `Conditions`: what the path of a question says about who may enter.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
    sync::{PoisonError, RwLock},
};

use axum::http::{HeaderMap, header};
use percent_encoding::percent_decode_str;

use super::{PATH, refusal::start_of, return_to::Destinations};
use crate::{users::Users, web::gate::cross_site::is_of_the_same_site};

/// How many different paths are checked for mistakes. A stranger may ask for any.
const MOST_PATHS: usize = 200;

/// The conditions in a path: `/auth`, `/auth/only/anna,bob`, `/auth/from/www.example.com`, or
/// `/auth/from/www.example.com/only/anna,bob`. A proxy's configuration has them in the path, because Caddy
/// asks with the query of the visitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Conditions<'a> {
    /// The hosts whose pages may send forms and open WebSockets too.
    from: Option<List<'a>>,
    /// The users who may enter. None: all.
    only: Option<List<'a>>,
}

/// A list with commas between its items, each of which may be percent-encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct List<'a>(&'a str);

impl<'a> Conditions<'a> {
    /// Reads the path of a question. Returns `None` if it is another path, or has a list with an empty item.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let mut parts = path.strip_prefix(PATH)?.split('/').skip(1);
        let parts = [(); 5].map(|()| parts.next());
        let (from, only) = match parts {
            [None, ..] => (None, None),
            [Some("only"), Some(users), None, ..] => (None, Some(users)),
            [Some("from"), Some(hosts), None, ..] => (Some(hosts), None),
            [Some("from"), Some(hosts), Some("only"), Some(users), None] => {
                (Some(hosts), Some(users))
            }
            _ => return None,
        };
        let (from, only) = (from.map(List), only.map(List));
        let has_gap = |list: List| list.items().any(str::is_empty);
        let is_whole = !from.is_some_and(has_gap) && !only.is_some_and(has_gap);
        is_whole.then_some(Self { from, only })
    }

    /// Returns whether this user may enter. The name is that of the users file.
    pub(super) fn permit(&self, user: &str) -> bool {
        self.only.is_none_or(|users| users.has(user))
    }

    /// Returns whether a page of one of the hosts sent a request with these headers, which has the scheme
    /// and the port of the public URL.
    pub(super) fn allow_sender(&self, headers: &HeaderMap, destinations: &Destinations) -> bool {
        let Some(hosts) = self.from else { return false };
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else {
            return false;
        };
        let host = origin
            .to_str()
            .ok()
            .and_then(|it| destinations.host_of_origin(it));
        host.is_some_and(|host| hosts.has(host)) && is_of_the_same_site(headers)
    }

    fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

impl<'a> List<'a> {
    fn items(self) -> impl Iterator<Item = &'a str> {
        self.0.split(',')
    }

    /// Returns whether an item is this text, apart from upper and lower case.
    fn has(self, text: &str) -> bool {
        let is_it = |item| {
            let item = percent_decode_str(item).map(|byte| byte.to_ascii_lowercase());
            item.eq(text.bytes().map(|byte| byte.to_ascii_lowercase()))
        };
        self.items().any(is_it)
    }

    /// Returns the items for people to read, without what makes them too long.
    fn shown(self) -> impl Iterator<Item = String> {
        let decode = |item| percent_decode_str(item).decode_utf8_lossy();
        self.items().map(move |item| decode(item).into_owned())
    }
}

/// The paths whose lists have been checked for mistakes, each by its hash.
#[derive(Debug, Default)]
pub(super) struct CheckedPaths {
    hasher: RandomState,
    hashes: RwLock<HashSet<u64>>,
}

impl CheckedPaths {
    /// Warns of users who do not exist, and of hosts elsewhere, when a path is asked for the first time.
    pub(super) fn check(
        &self,
        path: &str,
        conditions: &Conditions,
        users: &Users,
        destinations: &Destinations,
    ) {
        if conditions.are_none() || !self.is_new(path) {
            return;
        }
        let names = conditions.only.into_iter().flat_map(List::shown);
        for name in names.filter(|it| !users.has(it)) {
            tracing::warn!(
                name = start_of(&name),
                "a proxy asks /auth/only for a user who is not in the file of --users (USERS_FILE): check \
                 the list in the proxy's configuration"
            );
        }
        let hosts = conditions.from.into_iter().flat_map(List::shown);
        for host in hosts.filter(|it| !destinations.has_host(&it.to_ascii_lowercase())) {
            tracing::warn!(
                host = start_of(&host),
                "a proxy asks /auth/from for a host that is neither that of --public-url (PUBLIC_URL) nor \
                 below --cookie-domain (COOKIE_DOMAIN), so its forms are refused: check the list in the \
                 proxy's configuration"
            );
        }
    }

    /// Returns true once for each path, and false for all when there were too many.
    fn is_new(&self, path: &str) -> bool {
        let hash = self.hasher.hash_one(path);
        // Nothing panics while it holds the lock.
        let hashes = self.hashes.read().unwrap_or_else(PoisonError::into_inner);
        if hashes.contains(&hash) || hashes.len() >= MOST_PATHS {
            return false;
        }
        drop(hashes);
        let mut hashes = self.hashes.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = hashes.len() < MOST_PATHS && hashes.insert(hash);
        if is_new && hashes.len() == MOST_PATHS {
            tracing::warn!(
                "proxies ask /auth with so many different lists that further ones are not checked for \
                 mistakes"
            );
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_hosts_then_users_and_nothing_else() {
        let lists = |path| {
            let Conditions { from, only } = Conditions::of(path)?;
            Some((from.map(|it| it.0), only.map(|it| it.0)))
        };
        assert_eq!(lists("/auth"), Some((None, None)));
        assert_eq!(lists("/auth/only/a,b"), Some((None, Some("a,b"))));
        assert_eq!(lists("/auth/from/a.b"), Some((Some("a.b"), None)));
        let both = lists("/auth/from/a,b/only/c,d");
        assert_eq!(both, Some((Some("a,b"), Some("c,d"))));
        for path in "/auth/ /auth/only /auth/only/ /auth/only/, /auth/only/a, /auth/only/,a /auth/only/a/ \
            /auth/only/a/b /auth/only/a/from/b /auth/only/a/only/b /auth/from /auth/from/ /auth/from/a/ \
            /auth/from/a/only /auth/from/a/only/ /auth/from//only/a /auth/from/a/only/b/c /auth/Only/a \
            /auth//only/a /auth/a /auth/only/a,,b /auth/from/a/from/b"
            .split(' ')
        {
            assert_eq!(lists(path), None, "{path}");
        }
    }

    #[test]
    fn a_name_is_permitted_in_any_case_and_percent_encoded() {
        for (list, user, is_permitted) in [
            ("anna,bob", "Bob", true),
            ("ANNA", "anna", true),
            ("%61nna", "Anna", true),
            ("a%2Fb,c", "a/b", true),
            ("a+b", "a+b", true),
            ("anna,bob", "ann", false),
            ("anna,bob", "anna,bob", false),
            ("anna%2Cbob", "anna", false),
            ("anna%20", "anna", false),
            ("%zz", "zz", false),
            ("*", "anna", false),
        ] {
            let path = format!("{PATH}/only/{list}");
            let conditions = Conditions::of(&path).expect("a path of ours");
            assert_eq!(conditions.permit(user), is_permitted, "{list} {user}");
        }
    }

    #[test]
    fn each_path_is_new_once_and_there_is_a_limit() {
        let paths = CheckedPaths::default();
        for number in 0..2 * MOST_PATHS {
            let path = number.to_string();
            assert_eq!(paths.is_new(&path), number < MOST_PATHS, "{path}");
            assert!(!paths.is_new(&path), "{path}");
        }
    }
}
