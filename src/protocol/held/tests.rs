//! Which held token satisfies what, and for how long.
#![allow(clippy::expect_used, clippy::indexing_slicing)]

use super::super::claims_request::ClaimsRequest;
use super::super::details::Details;
use super::*;

const NOW: EpochMillis = EpochMillis(1_800_000_000_000);

fn tokens(name: &str, scope: &str) -> Obtained {
    Obtained::Tokens(TokenSet {
        access_token: Secret::new(name),
        id_token: None,
        lifetime: Seconds(60),
        scope: Scope::parse(scope),
        refresh: None,
        authorization_details: Details::default(),
        key: None,
    })
}

fn claims(acr: &str) -> Option<Claims> {
    Some(Claims {
        iss: String::new(),
        sub: String::new(),
        acr: vec![acr.into()],
        amr: Vec::new(),
        auth_time: Some(1_800_000_000),
        iat: EpochSeconds(1_800_000_000),
        exp: EpochSeconds(1_800_000_060),
    })
}

fn wants(acr: &str, scope: &str) -> Requirement {
    Requirement {
        acr_values: vec![acr.into()],
        scope: Scope::parse(scope),
        ..Requirement::default()
    }
}

fn goal(acr: &str, scope: &str, resource: Option<String>) -> Goal {
    Goal { requirement: wants(acr, scope), resource, ..Goal::default() }
}

fn find<'a>(
    wallet: &'a Wallet,
    resource: Option<&str>,
    requirement: &Requirement,
    now: EpochMillis,
) -> Option<&'a Held> {
    wallet.newest(resource, now).find(|held| held.satisfies(requirement, now))
}

#[test]
fn low_and_high_tokens_lie_side_by_side() {
    let mut wallet = Wallet::default();
    wallet.take(tokens("low", "a b"), claims("AL1"), &goal("AL1", "", None), NOW);
    wallet.take(tokens("high", "a"), claims("AL3"), &goal("AL3", "", None), NOW);
    let find = |acr, scope| {
        let held = find(&wallet, None, &wants(acr, scope), NOW)?;
        held.access_token.as_ref().map(Secret::expose)
    };
    assert_eq!(find("AL1", "b"), Some("low"));
    assert_eq!(find("AL3", "a"), Some("high"));
    assert_eq!(find("AL3", "b"), None);
    assert_eq!(wallet.scope(None, NOW), Scope::parse("a b"));
}

#[test]
fn t62_expiry_is_judged_when_a_token_is_read() {
    let mut wallet = Wallet::default();
    wallet.take(tokens("t", ""), claims("AL3"), &goal("AL3", "", None), NOW);
    let at = |seconds: u64| NOW.plus(Seconds(seconds).millis());
    assert!(find(&wallet, None, &wants("AL3", ""), at(59)).is_some());
    assert!(find(&wallet, None, &wants("AL3", ""), at(60)).is_none());
    assert!(wallet.scope(None, at(60)).is_empty());
}

#[test]
fn t62_a_token_that_comes_from_the_future_has_lived_nobody_knows_how_long() {
    let mut wallet = Wallet::default();
    wallet.take(tokens("t", ""), claims("AL3"), &goal("AL3", "", None), NOW);
    let found = |now| find(&wallet, None, &wants("AL3", ""), now).is_some();
    assert!(found(NOW.minus(JITTER)));
    assert!(!found(NOW.minus(Millis(JITTER.0 + 1))));
    assert!(wallet.scope(None, NOW.minus(Seconds(5).millis())).is_empty());
}

#[test]
fn t62_what_has_been_lived_stays_lived_when_the_clock_is_set_back() {
    let mut wallet = Wallet::default();
    wallet.take(tokens("t", ""), claims("AL3"), &goal("AL3", "", None), NOW);
    wallet.set_back(Seconds(3600).millis());
    let at = |seconds: u64| NOW.minus(Seconds(3600).millis()).plus(Seconds(seconds).millis());
    assert!(find(&wallet, None, &wants("AL3", ""), at(59)).is_some());
    assert!(find(&wallet, None, &wants("AL3", ""), at(60)).is_none());
}

#[test]
fn what_renews_a_token_is_forgotten_with_it() {
    let refreshed = |name: &str| match tokens(name, "") {
        Obtained::Tokens(tokens) => Obtained::Tokens(TokenSet {
            refresh: Some(Refresh::new(Secret::new(format!("r-{name}")))),
            ..tokens
        }),
        session @ Obtained::Session { .. } => session,
    };
    let mut wallet = Wallet::default();
    let take = |wallet: &mut Wallet, name| {
        wallet.take(refreshed(name), claims("AL3"), &goal("AL3", "", None), NOW).serial
    };
    let serials: Vec<Serial> = ["a", "b", "c"].map(|name| take(&mut wallet, name)).to_vec();
    assert_eq!(wallet.refresh.len(), 3);
    wallet.remove(serials[0]);
    assert_eq!(wallet.refresh_of(serials[0]), None);
    // A renewed one has a new number, and is known by the old one too.
    let held = wallet.of(serials[1]).cloned().expect("it is held");
    let renewed = wallet.renew(held);
    assert_eq!(wallet.of(serials[1]).map(|held| held.serial), Some(renewed.serial));
    assert_eq!(wallet.refresh_of(serials[1]), None);
    assert!(wallet.refresh_of(renewed.serial).is_some());
    // Those that nothing renews make room for it when they have expired, and the oldest then.
    for _ in 0..MOST {
        take(&mut wallet, "d");
    }
    assert_eq!((wallet.held.len(), wallet.refresh.len()), (MOST, MOST));
    wallet.clear();
    assert!(wallet.refresh.is_empty() && wallet.is_empty());
}

#[test]
fn a_token_for_one_resource_is_not_found_for_another() {
    let mut wallet = Wallet::default();
    let resource = Some("https://files.example".to_owned());
    wallet.take(tokens("t", ""), claims("AL3"), &goal("AL3", "", resource), NOW);
    assert!(find(&wallet, None, &wants("AL3", ""), NOW).is_none());
    assert!(find(&wallet, Some("https://files.example"), &wants("AL3", ""), NOW).is_some());
}

#[test]
fn a_token_nothing_vouches_for_serves_only_what_it_was_obtained_for() {
    let mut wallet = Wallet::default();
    let held = wallet.take(tokens("t", "a"), None, &goal("AL2", "a", None), NOW);
    assert!(held.is_once());
    assert!(find(&wallet, None, &wants("AL2", "a"), NOW).is_some());
    assert!(find(&wallet, None, &wants("AL3", "a"), NOW).is_none());
}

#[test]
fn a_raised_session_is_as_old_as_its_raising() {
    let mut wallet = Wallet::default();
    let raised = || Obtained::Session { told: Told::default(), scope: Scope::parse("a") };
    let within = |seconds| Requirement { max_age: Some(Seconds(seconds)), ..wants("AL3", "") };
    let held =
        wallet.take(raised(), None, &Goal { requirement: within(60), ..goal("", "", None) }, NOW);
    assert!(held.is_assured() && held.access_token.is_none());
    let after = |seconds: u64| NOW.plus(Seconds(seconds).millis());
    assert!(held.satisfies(&within(60), after(60)));
    assert!(!held.satisfies(&within(60), after(66)));
    assert!(!held.satisfies(&within(30), NOW), "it was asked for with a longer age");
    assert!(!held.satisfies(&wants("AL4", ""), NOW));
}

#[test]
fn the_number_of_tokens_is_bounded_and_numbers_are_not_reused() {
    let mut wallet = Wallet::default();
    for _ in 0..20 {
        wallet.take(tokens("t", ""), claims("AL3"), &goal("AL3", "", None), NOW);
    }
    assert_eq!(wallet.held.len(), MOST);
    wallet.clear();
    let held = wallet.take(tokens("t", ""), claims("AL3"), &goal("AL3", "", None), NOW);
    assert_eq!(held.serial, Serial(21));
}

#[test]
fn a_token_serves_the_claims_that_it_was_obtained_with() {
    let mut wallet = Wallet::default();
    let asking = |value: &str| Requirement {
        claims: ClaimsRequest::new([r#"{"a":{"value":""#, value, r#""}}"#].concat()),
        ..wants("AL3", "")
    };
    let goal = Goal { requirement: asking("1"), ..Goal::default() };
    wallet.take(tokens("t", ""), claims("AL3"), &goal, NOW);
    assert!(find(&wallet, None, &asking("1"), NOW).is_some());
    assert!(find(&wallet, None, &wants("AL3", ""), NOW).is_some());
    assert!(find(&wallet, None, &asking("2"), NOW).is_none());
}

#[test]
fn t09_a_token_for_one_thing_in_particular_serves_that_only() {
    let mut wallet = Wallet::default();
    let pays = |amount: &str| Requirement {
        authorization_details: Details::new([r#"[{"type":"t","n":"#, amount, "}]"].concat()),
        ..wants("AL3", "a")
    };
    let one = Goal { requirement: pays("1"), ..Goal::default() };
    wallet.take(tokens("wide", "a b"), claims("AL3"), &goal("AL3", "", None), NOW);
    let narrow = wallet.take(tokens("narrow", "a c"), claims("AL3"), &one, NOW);
    assert!(narrow.is_once() && narrow.is_narrow());
    let find = |requirement: &Requirement| {
        let held = find(&wallet, None, requirement, NOW)?;
        held.access_token.as_ref().map(Secret::expose)
    };
    assert_eq!(find(&pays("1")), Some("narrow"));
    assert_eq!(find(&pays("2")), None);
    assert_eq!(find(&wants("AL3", "a")), Some("wide"));
    assert_eq!(wallet.scope(None, NOW), Scope::parse("a b"));
}
