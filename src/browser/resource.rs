//! What the metadata of an API may say: the core's part of what `described.js` does.

use super::client::Client;
use super::host::{from_js, thrown};
use crate::protocol::error::ErrorCode;
use crate::protocol::resource::{self, ResourceMetadata};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
impl Client {
    /// Where the metadata is that a demand for step-up points to, if it does.
    pub fn metadata_url(&self, url: &str, header: &str) -> Result<Option<String>, JsValue> {
        resource::metadata_url(url, header).map_err(|error| thrown(&error))
    }

    /// The metadata is here. Throws where the step-up must not go on.
    pub fn described(&self, url: &str, metadata: JsValue) -> Result<(), JsValue> {
        let issuer = Some(self.driver.issuer.as_str()).filter(|issuer| !issuer.is_empty());
        from_js::<ResourceMetadata>(metadata, ErrorCode::ResourceMismatch, "the metadata")
            .and_then(|metadata| metadata.check(url, issuer))
            .map_err(|error| thrown(&error))
    }
}
