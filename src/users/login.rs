//! An attempt to log in: who may make it, and what comes of it.

use std::{
    fmt,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{
    Users,
    browsers::Purpose,
    hashing::{Busy, Place},
    password,
    throttle::Visitor,
};

/// An attempt to log in.
pub(crate) struct Attempt<'a, B> {
    /// The name as it was typed.
    pub(crate) name: &'a str,
    /// The password as it was typed.
    pub(crate) password: Zeroizing<String>,
    pub(crate) address: IpAddr,
    /// The public URL of the site.
    pub(crate) site: &'a str,
    /// The values of the cookie of known browsers.
    pub(crate) browsers: B,
}

/// Somebody who may be logged in: a user who gave the right password, or anybody if there are none.
pub(crate) struct Login {
    /// The name as the file writes it.
    pub(crate) name: String,
    /// The digest that the session holds beside the name, for [`Users::is_current`]. None: there are no
    /// passwords.
    pub(crate) digest: Option<String>,
    /// The value of the cookie by which the browser is known from now on.
    pub(crate) browser: Option<String>,
}

impl Login {
    /// Somebody who may log in under this name without a password.
    pub(crate) fn without_password(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            digest: None,
            browser: None,
        }
    }
}

/// Why an attempt to log in failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no such user, or it is not their password.
    Wrong,
    /// There were too many failures, so the password was not checked. The next attempt may come after
    /// this time.
    Wait(Duration),
    /// Too many attempts are being checked, or wait for that.
    Busy,
}

/// The outcome of an attempt to log in, as metrics count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    /// The password was right.
    Success,
    /// There is no such user, or it was not their password.
    Wrong,
    /// The password was not checked, because there were too many failures.
    Wait,
    /// The password was not checked, because too many others were being checked.
    Busy,
}

impl LoginOutcome {
    /// All outcomes.
    pub const ALL: [Self; 4] = [Self::Success, Self::Wrong, Self::Wait, Self::Busy];

    /// Returns the outcome as metrics name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Wrong => "wrong",
            Self::Wait => "wait",
            Self::Busy => "busy",
        }
    }
}

impl From<Failure> for LoginOutcome {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Wrong => Self::Wrong,
            Failure::Wait(_) => Self::Wait,
            Failure::Busy => Self::Busy,
        }
    }
}

/// A function that is told the outcome of each attempt, or none.
#[derive(Default)]
pub(super) struct Listener(Option<Box<dyn Fn(LoginOutcome) + Send + Sync>>);

impl Listener {
    pub(super) fn new(function: impl Fn(LoginOutcome) + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(function)))
    }

    fn tell(&self, outcome: LoginOutcome) {
        if let Some(function) = &self.0 {
            function(outcome);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listener").finish()
    }
}

impl Users {
    /// Checks a name and a password as they were typed, unless the visitor has to wait. Takes as long
    /// for a name that is not in the file as for one that is.
    pub(crate) async fn log_in<'a>(
        self: &Arc<Self>,
        attempt: Attempt<'a, impl Iterator<Item = &'a str>>,
    ) -> Result<Login, Failure> {
        let name = password::canonical(attempt.name);
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let accounts = self.accounts();
        let purpose = Purpose {
            site: attempt.site,
            // No line has an empty digest. A name without a line costs as much.
            digest: accounts.find(&name).map_or("", |it| &it.digest),
        };
        let browser = self.browsers.find(attempt.browsers, purpose, now);
        let checked = Checked {
            browser,
            password: attempt.password,
            address: attempt.address,
            site: attempt.site.to_owned(),
            name,
        };
        let place = self.admit(&checked).inspect_err(|failure| {
            self.listener.tell(LoginOutcome::from(*failure));
        })?;
        let (users, span) = (Arc::clone(self), tracing::Span::current());
        let checking = self.hashing.run(place, move || {
            // Here, so that an attempt counts even if the visitor does not wait for the answer.
            let result = span.in_scope(|| users.check(&checked));
            let failure = result.as_ref().err().copied();
            let outcome = failure.map_or(LoginOutcome::Success, LoginOutcome::from);
            users.listener.tell(outcome);
            result
        });
        checking.await.unwrap_or_else(|Busy| {
            self.listener.tell(LoginOutcome::Busy);
            Err(Failure::Busy)
        })
    }

    /// Returns a place in the queue. Those who have to wait anyway get none, so that they keep nobody
    /// out.
    fn admit(&self, checked: &Checked) -> Result<Place, Failure> {
        match self.throttle.wait(checked.visitor(), now()) {
            Some(wait) => Err(Failure::Wait(wait)),
            None => Ok(self
                .hashing
                .queue(&checked.name, checked.browser.as_deref())?),
        }
    }

    /// Checks a password, which blocks the thread. Counts and logs a failure.
    fn check(&self, checked: &Checked) -> Result<Login, Failure> {
        // Again, because others may have failed meanwhile.
        let attempt = self
            .throttle
            .begin(checked.visitor(), now())
            .map_err(Failure::Wait)?;
        let accounts = self.accounts();
        let account = accounts.find(&checked.name);
        let hash = account.map(|it| &*it.hash);
        let is_right = accounts.stand_ins.verify(hash, &checked.password);
        let Some(right) = account.filter(|_| is_right) else {
            attempt.fail(now());
            // Another name than a user's is left out, because people type passwords there. The span leaves
            // the end of the line as it is for fail2ban. The target has no limit of lines: see
            // `log/limits.rs`.
            let user = account.filter(|_| self.has_names_in_log);
            let _span = user.map(|it| tracing::warn_span!("login", name = it.name).entered());
            tracing::warn!(target: "signet::login", address = %checked.address, "login failed:");
            return Err(Failure::Wrong);
        };
        attempt.succeed();
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let browser = checked.browser.as_deref();
        let purpose = Purpose {
            site: &checked.site,
            digest: &right.digest,
        };
        Ok(Login {
            name: right.name.clone(),
            digest: Some(right.digest.clone()),
            browser: Some(self.browsers.sign(browser, purpose, now)),
        })
    }
}

/// Returns the time, which tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The part of an attempt that a thread which may block checks.
struct Checked {
    /// The canonical name.
    name: String,
    password: Zeroizing<String>,
    address: IpAddr,
    /// The public URL of the site.
    site: String,
    /// The ID of a known browser.
    browser: Option<String>,
}

impl Checked {
    fn visitor(&self) -> Visitor<'_> {
        let (name, address) = (&*self.name, self.address);
        match &self.browser {
            Some(browser) => Visitor::Known { name, browser },
            None => Visitor::Stranger { name, address },
        }
    }
}

impl From<Busy> for Failure {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}
