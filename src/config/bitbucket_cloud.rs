//! `[bitbucket_cloud]`: Bitbucket Cloud workspaces.

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

/// `[bitbucket_cloud]`: members, projects and repositories of Bitbucket Cloud workspaces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BitbucketCloud {
    /// The name under which its events are kept.
    pub name: String,
    /// Slugs of the workspaces to read; empty for all that the credential can see.
    pub workspaces: Vec<String>,
    /// The Atlassian account e-mail of an API token; empty for an access token.
    pub email: String,
    /// API token or access token; empty switches the source off.
    pub token: SecretString,
    /// Where the API is.
    pub base_url: Url,
    /// What webhooks are signed with; empty for none.
    pub hook_secret: SecretString,
    /// Requests an hour.
    pub requests_per_hour: u32,
}
