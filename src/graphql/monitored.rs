//! Monitored fields: what `EventFilter.fields` means without values, and an administrator's mutation of it.

use super::{backend, error, viewer};
use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

#[derive(Default)]
pub(super) struct MonitoredQuery;

#[Object]
impl MonitoredQuery {
    /// The names of the monitored fields, in alphabetical order: `EventFilter.fields` means any of them when it is an
    /// empty list. Changes of other fields are recorded, too.
    async fn monitored_fields(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        viewer(ctx)?;
        let fields = backend(ctx)?.feed.store().monitored_fields().await;
        fields.map_err(|failure| error::from_store(ctx, failure))
    }
}

#[derive(Default)]
pub(super) struct MonitoredMutation;

#[Object]
impl MonitoredMutation {
    /// Monitors these fields and no others, for everybody. For administrators.
    async fn set_monitored_fields(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which fields are monitored.")] input: SetMonitoredFieldsInput,
    ) -> Result<SetMonitoredFieldsPayload> {
        let viewer = viewer(ctx)?;
        if !viewer.administers() {
            return Err(error::error(
                error::Code::Forbidden,
                "only an administrator decides which fields are monitored; this needs a token with the role ADMINISTRATOR",
            ));
        }
        let backend = backend(ctx)?;
        let now = backend.clock.now();
        let set = backend
            .feed
            .set_monitored_fields(viewer, &input.fields, now)
            .await;
        set.map_err(|failure| error::from_store(ctx, failure))?;
        let fields = backend.feed.store().monitored_fields().await;
        Ok(SetMonitoredFieldsPayload {
            monitored_fields: fields.map_err(|failure| error::from_store(ctx, failure))?,
        })
    }
}

/// Which fields are monitored.
#[derive(InputObject)]
struct SetMonitoredFieldsInput {
    /// The names of all of them, as changes give them, e.g. `priority`; the case of plain Latin letters does not matter.
    fields: Vec<String>,
}

/// Which fields are monitored now.
#[derive(SimpleObject)]
struct SetMonitoredFieldsPayload {
    /// The names of all of them, in alphabetical order.
    monitored_fields: Vec<String>,
}
