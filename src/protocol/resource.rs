//! Metadata of a protected resource (RFC 9728), which a challenge may point to. It can keep a step-up
//! from happening; it never chooses where the user is sent, and its text goes nowhere.

use super::border::record;
use super::challenge::dialect::{Verdict, recognise};
use super::challenge::grammar;
use super::error::{Error, ErrorCode};
use super::origin;

/// The part of the metadata that is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceMetadata {
    /// Its identifier (§2).
    pub resource: String,
    /// The issuers whose tokens it takes; an empty list means that it does not say.
    pub authorization_servers: Vec<String>,
}

record!(import ResourceMetadata {
    resource: "resource" or Default::default(),
    authorization_servers: "authorization_servers" or Default::default()
});

/// Where a demand for step-up, in the answer to a request to `url`, says that its metadata is (§5.1);
/// none where it does not.
///
/// # Errors
///
/// `resource_mismatch` for a place that is not of the API's own origin: nobody else can say what it
/// is, and an inner host is not to be looked up for it.
pub fn metadata_url(url: &str, header: &str) -> Result<Option<String>, Error> {
    // What is beyond the bounds is rejected elsewhere.
    let Ok(parsed) = grammar::parse(header) else { return Ok(None) };
    let demands =
        |challenge: &&grammar::Challenge| matches!(recognise(challenge), Some(Verdict::Demands(_)));
    let mut places = parsed
        .challenges
        .iter()
        .filter(demands)
        .filter_map(|challenge| challenge.get("resource_metadata"));
    let Some(place) = places.next() else { return Ok(None) };
    let own = origin::of(place).is_some_and(|of| origin::of(url) == Some(of));
    if !own || !origin::is_trustworthy(place) {
        return mismatch("the metadata is not of the API's own origin");
    }
    Ok(Some(place.to_owned()))
}

impl ResourceMetadata {
    /// Whether it describes what was asked, and names the provider that the app is configured for.
    ///
    /// RFC 9728 §3.3 wants `resource` to be the URL of the request. Most APIs publish their base, so
    /// it may also be one that the URL lies below, on a segment boundary.
    ///
    /// # Errors
    ///
    /// `resource_mismatch` otherwise.
    pub fn check(&self, url: &str, issuer: Option<&str>) -> Result<(), Error> {
        let resource = self.resource.as_str();
        let is_base = origin::of(resource)
            .is_some_and(|of| origin::matches(url, of, resource.get(of.len()..)));
        if !is_base && resource != url {
            return mismatch("the metadata is of another resource");
        }
        let servers = &self.authorization_servers;
        if issuer.is_some_and(|issuer| !servers.iter().any(|server| server == issuer))
            && !servers.is_empty()
        {
            return mismatch("the API takes no tokens of the configured issuer");
        }
        Ok(())
    }
}

fn mismatch<T>(what: &str) -> Result<T, Error> {
    Err(Error::new(ErrorCode::ResourceMismatch, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://api.example/v1/transfers?to=bob";
    const ISSUER: &str = "https://login.example";
    const MISMATCH: ErrorCode = ErrorCode::ResourceMismatch;

    fn found(header: &str) -> Result<Option<String>, ErrorCode> {
        metadata_url(URL, header).map_err(|error| error.code)
    }

    fn at(place: &str) -> Result<Option<String>, ErrorCode> {
        let demand = r#"Bearer error="insufficient_user_authentication", acr_values="AL3""#;
        found(&[demand, ", resource_metadata=\"", place, "\""].concat())
    }

    #[test]
    fn metadata_is_where_a_demand_for_step_up_says() {
        let place = "https://api.example/.well-known/oauth-protected-resource";
        assert_eq!(at(place), Ok(Some(place.into())));
        let scope = r#"DPoP error="insufficient_scope", scope="a", resource_metadata="https://api.example/m""#;
        assert_eq!(found(scope), Ok(Some("https://api.example/m".into())));
        for header in [
            r#"Bearer error="insufficient_scope", scope="a""#,
            // No demand for step-up: it passes as it is, wherever it points.
            r#"Bearer resource_metadata="https://evil.example/m""#,
            r#"Bearer error="invalid_token", resource_metadata="https://evil.example/m""#,
            "",
        ] {
            assert_eq!(found(header), Ok(None), "{header}");
        }
    }

    #[test]
    fn t19_metadata_elsewhere_is_not_even_looked_up() {
        for place in [
            "https://evil.example/.well-known/oauth-protected-resource",
            "https://api.example.evil.test/m",
            "https://api.example:8443/m",
            "https://api.example@evil.test/m",
            "http://api.example/m",
            "http://169.254.169.254/latest/meta-data",
            "http://localhost:8080/m",
            "https://login.example/m",
            "//api.example/m",
            "/m",
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(at(place), Err(MISMATCH), "{place}");
        }
    }

    #[track_caller]
    fn check(resource: &str, servers: &[&str], issuer: Option<&str>, fits: bool) {
        let authorization_servers = servers.iter().map(|&server| server.to_owned()).collect();
        let metadata = ResourceMetadata { resource: resource.into(), authorization_servers };
        let checked = metadata.check(URL, issuer).map_err(|error| error.code);
        assert_eq!(checked, if fits { Ok(()) } else { Err(MISMATCH) }, "{metadata:?}");
    }

    #[test]
    fn t19_metadata_of_another_resource_is_a_mismatch() {
        for resource in [
            URL,
            "https://api.example",
            "https://api.example/",
            "https://api.example/v1",
            "https://api.example/v1/",
            "https://api.example/v1/transfers",
        ] {
            check(resource, &[], Some(ISSUER), true);
        }
        for resource in [
            "https://api.example/v",
            "https://api.example/v2",
            "https://api.example/v1/transfers/1",
            "https://api.example/v1?to=bob",
            "https://api.example/v1#transfers",
            "https://api.example.evil.test",
            "https://files.example",
            "http://api.example",
            "api.example",
            "",
        ] {
            check(resource, &[], Some(ISSUER), false);
        }
    }

    #[test]
    fn t19_the_provider_is_the_configured_one_or_nobody() {
        let base = "https://api.example";
        check(base, &[ISSUER], Some(ISSUER), true);
        check(base, &["https://evil.example", ISSUER], Some(ISSUER), true);
        check(base, &["https://evil.example"], Some(ISSUER), false);
        check(base, &["https://login.example/"], Some(ISSUER), false);
        // Where the app gets its tokens otherwise, there is nothing to compare.
        check(base, &["https://evil.example"], None, true);
    }
}
