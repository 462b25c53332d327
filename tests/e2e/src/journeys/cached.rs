//! Challenges that a browser may keep: what was demanded once is not the answer to the next request.

use serde_json::json;

use super::journeys;
use crate::bench::{Bench, Journey};
use crate::elsewhere::{Elsewhere, Page};
use crate::pages::Harness;

pub const JOURNEYS: &[(&str, Journey)] =
    journeys![a_kept_challenge_is_not_taken_for_the_answer_to_the_retry];

fn a_kept_challenge_is_not_taken_for_the_answer_to_the_retry(bench: &Bench) {
    let world = bench.world(json!({}));
    let challenge = |status, challenge: &str| Page {
        status,
        headers: vec![
            format!("www-authenticate: Bearer {challenge}"),
            "access-control-expose-headers: WWW-Authenticate".into(),
            "cache-control: max-age=600".into(),
        ],
        ..Page::default()
    };
    let api = Elsewhere::start([
        ("/scope", challenge(403, "error=\"insufficient_scope\", scope=\"b\"")),
        ("/level", challenge(401, "error=\"insufficient_user_authentication\"")),
    ]);
    let origin = api.origin("api.bank.localhost");
    let page = Harness::open(world);
    page.make(&format!(
        "{{ apis: ['{origin}'], session: () => ({{ accessToken: 'low', sub: 'alice' }}), \
           authenticate: async () => ({{ accessToken: 'high', scope: 'a b' }}) }}"
    ));
    for path in ["/scope", "/level"] {
        for input in ["url", "new Request(url)"] {
            let before = api.arrived().len();
            // An address that nothing is kept for yet.
            let body = format!(
                "const url = '{origin}{path}?{before}'; \
                 return e2e.su.fetch({input}).then(({{ status }}) => status, ({{ code }}) => code);"
            );
            let outcome = page.run(&body).value();
            let sent: Vec<_> = api.arrived()[before..]
                .iter()
                .filter(|arrived| arrived.line.starts_with("GET"))
                .filter_map(|arrived| arrived.headers.get("authorization").cloned())
                .collect();
            assert_eq!(sent, ["Bearer low", "Bearer high"], "{path} by {input}: {outcome}");
        }
    }
}
