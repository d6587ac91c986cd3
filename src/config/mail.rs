//! `[mail]`: how mails are sent, and who is told what has stopped.

use super::within;
use lettre::Address;
use lettre::message::Mailbox;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// `[mail]`: by whom mails are sent, and through which server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The sender.
    pub from: String,
    /// The SMTP server.
    pub smtp_host: String,
    /// Its port; 0 for the usual one.
    pub smtp_port: u16,
    /// How the connection to it is protected.
    pub smtp_security: Security,
    /// The user who sends; empty for none.
    pub smtp_user: String,
    /// Their password.
    pub smtp_password: SecretString,
    /// A folder into which mails are written instead of being sent.
    pub directory: PathBuf,
    /// Seconds until a mail that is being sent is given up for now.
    pub timeout_seconds: u32,
    /// Events that an attachment has at most.
    pub attachment_rows: u32,
    /// Who is told what on this server has stopped working.
    pub administrators: Vec<String>,
}

/// How the connection to an SMTP server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// It begins without TLS and has to go over to it.
    StartTls,
    /// It begins with TLS.
    Tls,
    /// It is not; on this machine only.
    None,
}

impl Mail {
    /// Whether mails can be sent.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.smtp_host.is_empty() || !self.directory.as_os_str().is_empty()
    }

    /// The port of the SMTP server.
    #[must_use]
    pub fn port(&self) -> u16 {
        match (self.smtp_port, self.smtp_security) {
            (0, Security::StartTls) => 587,
            (0, Security::Tls) => 465,
            (0, Security::None) => 25,
            (port, _) => port,
        }
    }

    /// How long a mail may take to be sent.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.into())
    }

    /// Finds what is wrong with values that are of the right kind.
    pub(super) fn validate(&self, wrong: &mut Vec<String>) {
        within(
            "mail.timeout_seconds",
            self.timeout_seconds,
            &(1..=300),
            wrong,
        );
        within(
            "mail.attachment_rows",
            self.attachment_rows,
            &(1..=100_000),
            wrong,
        );
        for address in &self.administrators {
            if address.parse::<Address>().is_err() {
                wrong.push(format!(
                    "mail.administrators: `{address}` is not an e-mail address; give one such as \"ann@example.com\""
                ));
            }
        }
        if !self.is_on() {
            if !self.administrators.is_empty() {
                wrong.push(
                    "mail.administrators: they cannot be told anything without smtp_host or directory"
                        .to_owned(),
                );
            }
            return;
        }
        if self.from.parse::<Mailbox>().is_err() {
            wrong.push(format!(
                "mail.from: `{}` is not an e-mail address; give one such as \"Auditgraph <audit@example.com>\"",
                self.from
            ));
        }
        if self.smtp_host.is_empty() {
            return;
        }
        if !self.directory.as_os_str().is_empty() {
            wrong.push(
                "mail.directory: mails are either sent or written; give this or smtp_host, not both"
                    .to_owned(),
            );
        }
        if self.smtp_security == Security::None && !self.is_here() {
            wrong.push(format!(
                "mail.smtp_security: \"none\" would send what is in the log as plain text to `{}`; give \"starttls\" or \"tls\"",
                self.smtp_host
            ));
        }
        let has_password = !self.smtp_password.expose_secret().is_empty();
        if has_password == self.smtp_user.is_empty() {
            wrong.push("mail.smtp_user: give smtp_user and smtp_password, or neither".to_owned());
        }
    }

    /// Whether the server is on this machine.
    fn is_here(&self) -> bool {
        let address = self.smtp_host.parse::<IpAddr>();
        self.smtp_host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}
