//! How a mail leaves: over SMTP, into a folder, or into memory.
//!
//! Over SMTP each recipient is offered by itself, so that one whom the server does not know does not keep the mail from the
//! others.

use crate::clock::Clock;
use crate::config::{self, Security};
use lettre::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a server may take to say good-bye: the mail is its own by then.
const GOOD_BYE: Duration = Duration::from_secs(2);

/// A mail on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its Message-ID, without what stands behind the `@`; the same whenever it is sent again.
    pub id: String,
    /// The sender.
    pub from: Address,
    /// To whom it goes.
    pub to: Vec<Address>,
    /// The whole message.
    pub bytes: Vec<u8>,
}

/// Somebody whom the server refused, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Whom.
    pub address: String,
    /// What the server said.
    pub answer: String,
}

/// Why a mail was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may work later.
    #[error("{0}")]
    Later(String),
    /// It will not work.
    #[error("{0}")]
    Never(String),
}

/// How mails leave.
#[derive(Clone, Debug)]
pub enum Transport {
    /// Over SMTP.
    Smtp(Smtp),
    /// As files in a folder.
    Directory(PathBuf),
    /// Into memory, for tests.
    Memory(Arc<Mutex<Vec<Outgoing>>>),
}

/// An SMTP server.
#[derive(Clone)]
pub struct Smtp {
    host: String,
    port: u16,
    security: Security,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
    timeout: Duration,
    clock: Clock,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}

impl Transport {
    /// The transport that the settings ask for; none when they ask for none.
    pub fn configured(settings: &config::Mail, clock: &Clock) -> Result<Option<Self>, SendError> {
        if !settings.is_on() {
            return Ok(None);
        }
        if settings.smtp_host.is_empty() {
            return Ok(Some(Self::Directory(settings.directory.clone())));
        }
        let never = |error: &dyn std::fmt::Display| SendError::Never(format!("mail: {error}"));
        let tls = match settings.smtp_security {
            Security::None => None,
            _ => Some(
                TlsParameters::new(settings.smtp_host.clone()).map_err(|error| never(&error))?,
            ),
        };
        let from: Mailbox = settings.from.parse().map_err(|error| never(&error))?;
        let password = settings.smtp_password.expose_secret();
        let credentials = (!settings.smtp_user.is_empty())
            .then(|| Credentials::new(settings.smtp_user.clone(), password.to_owned()));
        Ok(Some(Self::Smtp(Smtp {
            host: settings.smtp_host.clone(),
            port: settings.port(),
            security: settings.smtp_security,
            tls,
            credentials,
            hello: ClientId::Domain(from.email.domain().to_owned()),
            timeout: settings.timeout(),
            clock: clock.clone(),
        })))
    }

    /// Sends a mail; returns who was refused once it was accepted for at least one. A `patient` sender comes again later
    /// where somebody is refused for now.
    pub async fn send(&self, mail: &Outgoing, patient: bool) -> Result<Vec<Refusal>, SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(mail, patient).await,
            Self::Directory(folder) => {
                let written = write(folder, mail).await;
                written.map_err(|error| {
                    let folder = folder.display();
                    SendError::Later(format!(
                        "mail.directory: cannot write to `{folder}`: {error}"
                    ))
                })?;
                Ok(Vec::new())
            }
            Self::Memory(mails) => {
                let mut mails = mails.lock().unwrap_or_else(PoisonError::into_inner);
                mails.push(mail.clone());
                Ok(Vec::new())
            }
        }
    }

    /// Whether mails can leave, without sending one: says where they go.
    pub async fn check(&self) -> Result<String, SendError> {
        match self {
            Self::Smtp(smtp) => smtp.check().await,
            Self::Directory(folder) => {
                let shown = folder.display();
                let made = tokio::fs::create_dir_all(folder).await;
                made.map_err(|error| {
                    SendError::Later(format!("mail.directory: cannot make `{shown}`: {error}"))
                })?;
                Ok(format!("mails are written into {shown}"))
            }
            Self::Memory(_) => Ok("mails stay in memory".to_owned()),
        }
    }
}

/// Writes a mail as a file, whole or not at all; sent again, it is the same file.
async fn write(folder: &Path, mail: &Outgoing) -> std::io::Result<()> {
    tokio::fs::create_dir_all(folder).await?;
    let (part, whole) = (format!("{}.part", mail.id), format!("{}.eml", mail.id));
    tokio::fs::write(folder.join(&part), &mail.bytes).await?;
    tokio::fs::rename(folder.join(part), folder.join(whole)).await
}

impl Smtp {
    /// Connects and says who it is, as before a mail.
    async fn check(&self) -> Result<String, SendError> {
        let (host, port) = (&self.host, self.port);
        let mut connection = tokio::select! {
            connected = self.connect() => connected.map_err(|error| self.failed(&error))?,
            () = self.clock.alarm(self.timeout) => return Err(self.silent()),
        };
        tokio::select! {
            _ = connection.quit() => {}
            () = self.clock.alarm(GOOD_BYE) => {}
        }
        let user = self
            .credentials
            .as_ref()
            .map_or("", |_| " and takes the password");
        Ok(format!("{host}:{port} answers{user}"))
    }

    /// The error for a server that takes too long.
    fn silent(&self) -> SendError {
        let (host, port) = (&self.host, self.port);
        let seconds = self.timeout.as_secs();
        SendError::Later(format!(
            "{host}:{port} has not answered within {seconds} seconds (mail.timeout_seconds)"
        ))
    }

    async fn send(&self, mail: &Outgoing, patient: bool) -> Result<Vec<Refusal>, SendError> {
        let (mut connection, refused) = tokio::select! {
            sent = self.hand_over(mail, patient) => sent?,
            () = self.clock.alarm(self.timeout) => {
                let (host, port) = (&self.host, self.port);
                let seconds = self.timeout.as_secs();
                return Err(SendError::Later(format!(
                    "{host}:{port} has not accepted the mail within {seconds} seconds (mail.timeout_seconds)"
                )));
            }
        };
        tokio::select! {
            _ = connection.quit() => {}
            () = self.clock.alarm(GOOD_BYE) => {}
        }
        Ok(refused)
    }

    async fn hand_over(
        &self,
        mail: &Outgoing,
        patient: bool,
    ) -> Result<(AsyncSmtpConnection, Vec<Refusal>), SendError> {
        let failed = |error: smtp::Error| self.failed(&error);
        let mut connection = self.connect().await.map_err(failed)?;
        let from = Mail::new(Some(mail.from.clone()), Vec::new());
        connection.command(from).await.map_err(failed)?;
        let mut refused = Vec::new();
        for address in &mail.to {
            let offer = Rcpt::new(address.clone(), Vec::new());
            match connection.command(offer).await {
                Ok(_) => {}
                Err(error) if error.is_permanent() || (error.is_transient() && !patient) => {
                    refused.push(Refusal {
                        address: address.to_string(),
                        answer: error.to_string(),
                    });
                }
                Err(error) => {
                    let SendError::Later(why) = self.failed(&error) else {
                        return Err(self.failed(&error));
                    };
                    return Err(SendError::Later(format!("{address}: {why}")));
                }
            }
        }
        if refused.len() == mail.to.len() {
            return Err(SendError::Never(told(&refused, mail.to.len())));
        }
        connection.command(Data).await.map_err(failed)?;
        connection.message(&mail.bytes).await.map_err(failed)?;
        Ok((connection, refused))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, smtp::Error> {
        let wrapped = self.tls.clone().filter(|_| self.security == Security::Tls);
        let server = (self.host.as_str(), self.port);
        let connected =
            AsyncSmtpConnection::connect_tokio1(server, None, &self.hello, wrapped, None);
        let mut connection = connected.await?;
        if let (Security::StartTls, Some(tls)) = (self.security, &self.tls) {
            connection.starttls(tls.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            let known = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&known, credentials).await?;
        }
        Ok(connection)
    }

    fn failed(&self, error: &smtp::Error) -> SendError {
        let said = format!("{}:{}: {error}", self.host, self.port);
        if error.is_permanent() || error.is_client() {
            SendError::Never(said)
        } else {
            SendError::Later(said)
        }
    }
}

/// Who was refused, for people.
pub(super) fn told(refused: &[Refusal], of: usize) -> String {
    const SHOWN: usize = 10;
    let each = refused
        .iter()
        .map(|refusal| format!("{} ({})", refusal.address, refusal.answer));
    let mut each: Vec<String> = each.take(SHOWN).collect();
    if refused.len() > SHOWN {
        each.push(format!("and {} more", refused.len() - SHOWN));
    }
    format!("refused for {} of {of}: {}", refused.len(), each.join("; "))
}
