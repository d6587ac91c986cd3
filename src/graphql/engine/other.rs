//! What is asked for in other ways than by a document, within the limits that hold for documents.

use super::{Answer, Code, Engine, error};

impl Engine {
    /// Does some work for a token: takes its cost out of the token's bucket, waits for the token's turn, and gives up when
    /// time is over. What comes back as an answer is a refusal.
    pub async fn within_limits<T>(
        &self,
        token_id: i32,
        cost: u32,
        request_id: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, Answer> {
        let parts = &self.0;
        let cost = cost.min(parts.limits.cost);
        let spent = parts.budgets.spend(token_id, cost).map_err(|wait| {
            let allowed = parts.limits.cost_per_minute;
            let message = format!(
                "this token has spent its {allowed} a minute; the request would cost {cost}"
            );
            Answer::later(&message, wait, request_id)
        })?;
        parts.metrics.cost.inc_by(u64::from(spent.cost));
        let work = async {
            let _turn = parts.turns.take(token_id).await;
            work.await
        };
        tokio::select! {
            done = work => Ok(done),
            () = parts.backend.clock.alarm(parts.limits.execution()) => {
                let allowed = parts.limits.execution_seconds;
                let message = format!(
                    "the request was given up after {allowed} s (limits.execution_seconds); ask for less: a narrower filter"
                );
                let refused = error::refusal(Code::QueryTooComplex, message);
                Err(Answer::refusal(vec![refused], request_id))
            }
        }
    }
}
