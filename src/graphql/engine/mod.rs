//! From a request to its answer: everything that lies between a transport and the resolvers.
//!
//! ```text
//! request ─ document ─ cost ── validate ─ plan ─── execute ─── complete ─ answer
//!           lexer,     budget  all of it  what to  with a      order,     errors with
//!           guard                         ask for  time-out    nulls      codes
//! ```
//! Every transport goes through here, so every limit holds on each of them. How requests arrive and answers leave is up
//! to [`http`](crate::http).

mod answer;
mod budget;
mod complete;
mod cost;
mod document;
mod guard;
mod lexer;
mod other;
mod plan;
mod turns;
mod types;
mod validate;

pub use answer::Answer;
pub use document::TrustedError;

use super::error::{self, Code};
use super::loader::loaders_for;
use super::{Backend, Schema};
use crate::access::Viewer;
use crate::config::{Config, Limits};
use crate::metrics::{Metrics, Outcome};
use async_graphql::parser::types::{DocumentOperations, OperationDefinition, OperationType};
use async_graphql::{Name, Request, Response, ServerError, Value, Variables};
use budget::{Budgets, Spent};
use document::{Document, Documents, Which};
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use serde::Deserialize;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;
use turns::Turns;
use types::Types;
use validate::Validator;

/// Carries requests out; clones share everything.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

struct Parts {
    schema: Schema,
    validator: Validator,
    backend: Backend,
    types: Types,
    documents: Documents,
    budgets: Budgets,
    turns: Turns,
    limits: Limits,
    introspection: bool,
    metrics: Metrics,
}

/// Why an engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The trusted documents cannot be used.
    #[error(transparent)]
    Trusted(#[from] TrustedError),
    /// The schema does not describe itself.
    #[error("the schema does not describe itself: {0}")]
    Schema(String),
}

/// A request as it arrives: the fields of GraphQL over HTTP and, with the same names, of the socket's `subscribe`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// The document.
    pub query: Option<String>,
    /// The id of a document that the server has.
    pub document_id: Option<String>,
    /// Which of the document's operations is meant.
    pub operation_name: Option<String>,
    /// Values for the operation's variables.
    pub variables: Option<serde_json::Map<String, serde_json::Value>>,
    /// More about the request; `persistedQuery` is known.
    pub extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Who asks, and under which id the request is found in the log.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who asks.
    pub viewer: Arc<Viewer>,
    /// The id of the request.
    pub request_id: String,
}

/// A request that may be carried out.
pub struct Ready {
    document: Arc<Document>,
    operation_name: Option<String>,
    planned: OperationDefinition,
    variables: Variables,
    spent: Spent,
    caller: Caller,
}

impl Ready {
    /// What it is: a query, a mutation or a subscription.
    #[must_use]
    pub fn kind(&self) -> OperationType {
        self.planned.ty
    }
}

impl Asked {
    /// Whether it says which document it means.
    #[must_use]
    pub fn names_a_document(&self) -> bool {
        let is_given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let persisted = |given: &serde_json::Map<_, _>| given.contains_key("persistedQuery");
        is_given(&self.query)
            || is_given(&self.document_id)
            || self.extensions.as_ref().is_some_and(persisted)
    }
}

impl Engine {
    /// An engine over the whole schema.
    pub fn new(backend: Backend, config: &Config, metrics: Metrics) -> Result<Self, EngineError> {
        let schema = super::schema(Some(backend.clone()));
        Self::over(schema, backend, config, metrics)
    }

    /// An engine over a variant of the schema that has the same types.
    pub fn over(
        schema: Schema,
        backend: Backend,
        config: &Config,
        metrics: Metrics,
    ) -> Result<Self, EngineError> {
        let types = describe()?;
        let limits = config.limits.clone();
        let documents = Documents::open(&limits, &config.server.trusted_documents, &types)?;
        Ok(Self(Arc::new(Parts {
            budgets: Budgets::new(&limits, &backend.clock),
            turns: Turns::new(limits.requests_per_token),
            introspection: config.server.introspection,
            validator: Validator::new(config.server.introspection),
            schema,
            backend,
            types,
            documents,
            limits,
            metrics,
        })))
    }

    /// The limits that hold for requests.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// What a request asks for: a query, a mutation or a subscription; nothing when that cannot be told.
    #[must_use]
    pub fn kind(&self, asked: &Asked) -> Option<OperationType> {
        let parts = &self.0;
        let which = which(asked).ok()?;
        let document = parts.documents.get(&which, &parts.limits, &parts.types);
        let document = document.ok()?;
        let name = asked.operation_name.as_deref();
        let operation = operation(&document, name.filter(|name| !name.is_empty()));
        operation.ok().map(|operation| operation.ty)
    }

    /// Reads and measures a request; what comes back as an answer is a refusal.
    pub fn prepare(&self, asked: &Asked, caller: Caller) -> Result<Ready, Answer> {
        let request_id = caller.request_id.clone();
        let prepared = AssertUnwindSafe(|| self.0.prepare(asked, caller));
        std::panic::catch_unwind(prepared)
            .unwrap_or_else(|panic| {
                let error = self.0.panicked(panic.as_ref(), &request_id);
                Err(Answer::refusal(vec![error], &request_id))
            })
            .inspect_err(|refusal| self.0.count(refusal))
    }

    /// Carries out a query or mutation.
    pub async fn execute(&self, ready: Ready) -> Answer {
        let answer = self.0.execute(ready).await;
        self.0.count(&answer);
        answer
    }

    /// Carries out an operation of any kind; a refusal is always the last answer.
    #[must_use]
    pub fn stream(&self, ready: Ready) -> BoxStream<'static, Answer> {
        let engine = self.clone();
        if ready.kind() == OperationType::Subscription {
            engine.0.follow(ready)
        } else {
            stream::once(async move { engine.execute(ready).await }).boxed()
        }
    }
}

impl Parts {
    fn prepare(&self, asked: &Asked, caller: Caller) -> Result<Ready, Answer> {
        let refused = |error| Answer::refusal(vec![error], &caller.request_id);
        let which = which(asked).map_err(refused)?;
        let document = self.documents.get(&which, &self.limits, &self.types);
        let document = document.map_err(refused)?;
        let name = asked
            .operation_name
            .as_deref()
            .filter(|name| !name.is_empty());
        let operation = operation(&document, name).map_err(refused)?;
        let variables = variables(asked, operation).map_err(refused)?;
        if document.measured.introspects && !self.introspection {
            let message = "introspection is switched off here (server.introspection)";
            return Err(refused(error::refusal(Code::Forbidden, message)));
        }
        let (parsed, types) = (&document.parsed, &self.types);
        let cost = cost::check(parsed, operation, &variables, types, &self.limits);
        let cost = cost.map_err(|excess| refused(excess.into()))?;
        let spent = self.budgets.spend(caller.viewer.token_id, cost);
        let spent = spent.map_err(|wait| {
            let message = format!(
                "this token has spent its {} a minute; the request would cost {cost}",
                self.limits.cost_per_minute
            );
            Answer::later(&message, wait, &caller.request_id)
        })?;
        self.metrics.cost.inc_by(u64::from(spent.cost));
        let check = || self.validator.check(parsed, name, &variables);
        let valid = document.checked.or(operation, name, &variables, check);
        valid.map_err(|errors| Answer::refusal(errors, &caller.request_id).with_cost(spent))?;
        let planned = plan::plan(parsed, operation, &variables, types).map_err(refused)?;
        Ok(Ready {
            planned,
            operation_name: name.map(str::to_owned),
            document: Arc::clone(&document),
            variables,
            spent,
            caller,
        })
    }

    async fn execute(&self, ready: Ready) -> Answer {
        let (began, request_id) = (Instant::now(), &ready.caller.request_id);
        let work = async {
            let _turn = self.turns.take(ready.caller.viewer.token_id).await;
            let request = self.request(ready.planned.clone(), &ready.variables, &ready.caller);
            let response = self.schema.execute(request).await;
            self.answer(response, &ready.planned, request_id)
        };
        let answer = tokio::select! {
            done = AssertUnwindSafe(work).catch_unwind() => done.unwrap_or_else(|panic| {
                let error = self.panicked(panic.as_ref(), request_id);
                Answer::carried_out(Value::Null, vec![error], request_id)
            }),
            () = self.backend.clock.alarm(self.limits.execution()) => self.timed_out(&ready),
        };
        self.metrics.seconds.observe(began.elapsed().as_secs_f64());
        answer.with_cost(ready.spent)
    }

    fn follow(self: Arc<Self>, ready: Ready) -> BoxStream<'static, Answer> {
        let Ready {
            document,
            operation_name,
            planned,
            variables,
            caller,
            ..
        } = ready;
        let request = self.request(planned, &variables, &caller);
        let responses = self.schema.execute_stream(request);
        let parts = Arc::clone(&self);
        let request_id = caller.request_id.clone();
        let answers = responses.map(move |response| {
            // Most streams only wait, so each answer is planned for anew, and nothing is kept that the document tells.
            let operation = operation(&document, operation_name.as_deref());
            let planned = operation.and_then(|operation| {
                plan::plan(&document.parsed, operation, &variables, &parts.types)
            });
            match planned {
                Ok(planned) => parts.answer(response, &planned, &caller.request_id),
                Err(error) => Answer::refusal(vec![error], &caller.request_id),
            }
        });
        let answers = AssertUnwindSafe(answers).catch_unwind().map(move |answer| {
            let answer = answer.unwrap_or_else(|panic| {
                let error = self.panicked(panic.as_ref(), &request_id);
                Answer::refusal(vec![error], &request_id)
            });
            self.count(&answer);
            answer
        });
        // A refusal ends the stream, whatever the framework would still say.
        let answers = answers.scan(false, |refused, answer| {
            let over = std::mem::replace(refused, answer.is_refusal());
            futures::future::ready((!over).then_some(answer))
        });
        answers.boxed()
    }

    /// The request as the framework takes it.
    fn request(
        &self,
        planned: OperationDefinition,
        variables: &Variables,
        caller: &Caller,
    ) -> Request {
        let Caller { viewer, request_id } = caller.clone();
        let mut request = Request::new("")
            .variables(variables.clone())
            .data(loaders_for(&self.backend, Arc::clone(&viewer)))
            .data(viewer)
            .data(error::RequestId(request_id));
        request.set_parsed_query(plan::document(planned));
        request
    }

    fn answer(
        &self,
        response: Response,
        planned: &OperationDefinition,
        request_id: &str,
    ) -> Answer {
        let Response { data, errors, .. } = response;
        // What is wrong with the request as a whole has no path; what a stream cannot begin or go on with has its own.
        let whole = usize::from(planned.ty == OperationType::Subscription);
        if data == Value::Null
            && !errors.is_empty()
            && errors.iter().all(|error| error.path.len() <= whole)
        {
            return Answer::refusal(errors, request_id);
        }
        let data = complete::complete(data, &errors, planned, &self.types);
        Answer::carried_out(data, errors, request_id)
    }

    fn timed_out(&self, ready: &Ready) -> Answer {
        let allowed = self.limits.execution_seconds;
        let message = format!(
            "the request was given up after {allowed} s (limits.execution_seconds); ask for less: a narrower filter or \
             a smaller page"
        );
        let error = error::refusal(Code::QueryTooComplex, message);
        let error = error::with(error, "limit", "execution_seconds");
        let error = error::with(error, "allowed", allowed);
        Answer::carried_out(Value::Null, vec![error], &ready.caller.request_id)
    }

    /// Notes a panic; what the client hears of it.
    fn panicked(&self, panic: &(dyn Any + Send), request_id: &str) -> ServerError {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let panic = text.unwrap_or("without a text");
        tracing::error!(request_id, panic, "a request panicked");
        self.metrics.panics.inc();
        error::refusal(Code::InternalServerError, error::INTERNAL)
    }

    fn count(&self, answer: &Answer) {
        let outcome = answer.code().map_or("ok", Code::as_str);
        self.metrics
            .requests
            .get_or_create(&Outcome { outcome })
            .inc();
    }
}

/// What the types of the schema are.
fn describe() -> Result<Types, EngineError> {
    let failed = |cause: &dyn std::fmt::Display| EngineError::Schema(cause.to_string());
    let schema = super::schema(None);
    let Some(answer) = schema.execute(types::QUERY).now_or_never() else {
        return Err(failed(&"no answer"));
    };
    if let Some(error) = answer.errors.first() {
        return Err(failed(&error.message));
    }
    let answer = answer.data.into_json().map_err(|cause| failed(&cause))?;
    Types::read(answer).map_err(|cause| failed(&cause))
}

/// Which document a request means.
fn which(asked: &Asked) -> Result<Which<'_>, ServerError> {
    let text = asked.query.as_deref().filter(|text| !text.is_empty());
    let persisted = asked
        .extensions
        .as_ref()
        .and_then(|given| given.get("persistedQuery"));
    let hash = match persisted {
        None => None,
        Some(given) => {
            let hash = given.get("sha256Hash").and_then(serde_json::Value::as_str);
            let is_known = given.get("version").and_then(serde_json::Value::as_u64) == Some(1);
            let (Some(hash), true) = (hash, is_known) else {
                let message =
                    "extensions.persistedQuery: give {\"version\": 1, \"sha256Hash\": \"…\"}";
                return Err(error::refusal(Code::BadUserInput, message));
            };
            Some(hash)
        }
    };
    match (text, hash.or(asked.document_id.as_deref())) {
        (Some(text), None) => Ok(Which::Text(text)),
        (Some(text), Some(hash)) => Ok(Which::Both(text, hash)),
        (None, Some(id)) => Ok(Which::Id(id)),
        (None, None) => Err(error::refusal(
            Code::BadUserInput,
            "query: missing; give a GraphQL document",
        )),
    }
}

/// The operation that a request means.
fn operation<'a>(
    document: &'a Document,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, ServerError> {
    let wrong = |message: String| error::refusal(Code::BadUserInput, message);
    match (&document.parsed.operations, name) {
        (DocumentOperations::Single(only), None) => Ok(&only.node),
        (DocumentOperations::Single(_), Some(name)) => Err(wrong(format!(
            "operationName: there is no operation `{name}`; the document has one without a name"
        ))),
        (DocumentOperations::Multiple(named), Some(name)) => {
            let found = named.get(name).map(|found| &found.node);
            found.ok_or_else(|| {
                let mut known: Vec<&str> = named.keys().map(Name::as_str).collect();
                known.sort_unstable();
                let known = known.join(", ");
                wrong(format!(
                    "operationName: there is no operation `{name}`; there is: {known}"
                ))
            })
        }
        (DocumentOperations::Multiple(named), None) => {
            let mut operations = named.values();
            match (operations.next(), operations.next()) {
                (Some(only), None) => Ok(&only.node),
                _ => Err(wrong(
                    "operationName: missing; the document has several operations".to_owned(),
                )),
            }
        }
    }
}

/// The values of an operation's variables: those given and, where none is, the defaults. Fails when there is neither and
/// there must be one.
fn variables(asked: &Asked, operation: &OperationDefinition) -> Result<Variables, ServerError> {
    let given = asked.variables.clone().unwrap_or_default();
    let mut variables = Variables::from_json(serde_json::Value::Object(given));
    for definition in &operation.variable_definitions {
        let definition = &definition.node;
        let (name, of) = (&definition.name.node, &definition.var_type.node);
        if let Some(default) = &definition.default_value
            && !variables.contains_key(name)
        {
            variables.insert(name.clone(), default.node.clone());
        }
        if !of.nullable
            && variables
                .get(name)
                .is_none_or(|given| *given == Value::Null)
        {
            let message = format!("variables.{name}: missing; it has to be of type {of}");
            return Err(error::refusal(Code::BadUserInput, message));
        }
    }
    Ok(variables)
}
