//! What crosses from JavaScript.

use super::*;

fn read(expectation: &Value) -> Option<Expectation> {
    let request = json!({ "idToken": "a.b.c", "jwks": { "keys": [] }, "expectation": expectation });
    Request::read(&foreign(&request)).map(|request| request.expectation)
}

#[test]
fn what_the_core_writes_is_what_is_read() {
    let access_token = Secret::new(ACCESS_TOKEN);
    for source in [
        Source::Response { nonce: NONCE.into(), access_token: access_token.clone() },
        Source::Renewal { nonce: Some(NONCE.into()), access_token: access_token.clone() },
        Source::Renewal { nonce: None, access_token: access_token.clone() },
        Source::Session,
        Source::Authenticate { access_token },
    ] {
        let expectation = expectation(source);
        let written = written(&expectation);
        assert_eq!(read(&written), Some(expectation));
    }
}

#[test]
fn algorithms_are_read_as_they_are_written_or_not_at_all() {
    for names in [vec![], vec!["ES256".to_owned(), "PS256".to_owned()]] {
        let narrowed = Expectation { algorithms: Some(names), ..response() };
        assert_eq!(read(&written(&narrowed)), Some(narrowed));
    }
    // What cannot be read must not mean that all are accepted.
    for nonsense in [json!("ES256"), json!({}), json!([7]), json!(null)] {
        let mut expectation = written(&response());
        expectation["algorithms"] = nonsense;
        assert_eq!(read(&expectation), None);
    }
}

#[test]
fn a_request_is_read_whole() {
    let json =
        json!({ "idToken": "a.b.c", "jwks": { "keys": [1] }, "expectation": written(&response()) });
    let request = Request::read(&foreign(&json)).unwrap();
    assert_eq!(request.id_token.expose(), "a.b.c");
    assert_eq!(request.jwks, foreign(&json!({ "keys": [1] })));
    for missing in ["idToken", "jwks", "expectation"] {
        let mut json = json.clone();
        json.as_object_mut().unwrap().remove(missing);
        assert!(Request::read(&foreign(&json)).is_none(), "without {missing}");
    }
    assert!(Request::read(&foreign(&json!(null))).is_none());
}

#[test]
fn an_expectation_that_lacks_anything_is_none() {
    let whole = written(&response());
    for missing in ["issuer", "clientId", "source", "now"] {
        let mut expectation = whole.clone();
        expectation.as_object_mut().unwrap().remove(missing);
        assert_eq!(read(&expectation), None, "without {missing}");
    }
    for missing in ["kind", "nonce", "accessToken"] {
        let mut expectation = whole.clone();
        expectation["source"].as_object_mut().unwrap().remove(missing);
        assert_eq!(read(&expectation), None, "without {missing}");
    }
    let mut unknown = whole;
    unknown["source"]["kind"] = json!("anything");
    assert_eq!(read(&unknown), None);
}
