//! Looks up records for many requests at once.

use std::sync::Arc;

use ::redis::cmd;

use super::{
    super::records::StoreError,
    batch::{Asking, Batches, batches},
    link::Link,
};

type Value = Option<Vec<u8>>;

/// Look-ups that wait at the same moment share one command.
pub(super) struct Lookups {
    link: Arc<Link>,
    asking: Asking<String, Value>,
}

impl Lookups {
    /// Returns the future that answers the look-ups, too.
    pub(super) fn new(link: Arc<Link>) -> (Self, impl Future<Output = ()>) {
        let (asking, batches) = batches();
        let answering = answer(Arc::clone(&link), batches);
        (Self { link, asking }, answering)
    }

    /// Returns the value of a key, if there is one.
    pub(super) async fn get(&self, key: String) -> Result<Value, StoreError> {
        self.link.check()?;
        self.asking.ask(key).await
    }
}

async fn answer(link: Arc<Link>, mut batches: Batches<String, Value>) {
    while batches.collect().await {
        let mut get = cmd("MGET");
        for key in batches.questions() {
            get.arg(key);
        }
        let found = link.look_up::<Vec<Value>>(&get).await;
        batches.answer(found.map(|values| values.into_iter().map(Ok).collect()));
    }
}
