//! The users, as axum-login asks for them. A real application has them in a database, with hashes of
//! their passwords.

use std::{collections::HashSet, convert::Infallible, sync::Arc};

use axum_login::{AuthUser, AuthnBackend, AuthzBackend, UserId};

#[derive(Clone, Debug)]
pub struct User {
    id: i64,
    pub name: String,
    password: String,
}

impl AuthUser for User {
    type Id = i64;

    fn id(&self) -> i64 {
        self.id
    }

    /// Another password ends the sessions of the user.
    fn session_auth_hash(&self) -> &[u8] {
        self.password.as_bytes()
    }
}

pub struct Credentials {
    pub username: String,
    pub password: String,
}

#[derive(Clone)]
pub struct Users(Arc<[User]>);

impl Users {
    pub fn new() -> Self {
        let users = [(1, "ferris", "hunter42"), (2, "corro", "hunter43")];
        let users = users.map(|(id, name, password)| User {
            id,
            name: name.to_owned(),
            password: password.to_owned(),
        });
        Self(users.into())
    }
}

impl AuthnBackend for Users {
    type User = User;
    type Credentials = Credentials;
    type Error = Infallible;

    async fn authenticate(&self, typed: Credentials) -> Result<Option<User>, Infallible> {
        let user = self.0.iter().find(|it| it.name == typed.username);
        Ok(user.filter(|it| it.password == typed.password).cloned())
    }

    async fn get_user(&self, id: &UserId<Self>) -> Result<Option<User>, Infallible> {
        Ok(self.0.iter().find(|it| it.id == *id).cloned())
    }
}

impl AuthzBackend for Users {
    type Permission = String;

    async fn get_user_permissions(&self, user: &User) -> Result<HashSet<String>, Infallible> {
        let is_staff = user.name == "ferris";
        Ok(is_staff
            .then(|| "restricted.read".to_owned())
            .into_iter()
            .collect())
    }
}
