//! Two tabs of one app: one prompt in the whole browser, and what it obtains serves both.

use serde_json::{Value, json};

use super::{Journeys, journeys};
use crate::bench::{Bench, World};
use crate::pages::{Harness, Prompt, Provider};
use crate::wait::{until, until_true};
use crate::webdriver::Window;

pub const JOURNEYS: Journeys = journeys![
    t58_one_prompt_serves_two_tabs,
    t58_after_a_while_the_user_may_go_on_in_the_other_tab,
    t58_where_the_asking_tab_dies_the_next_one_asks,
    t58_another_users_result_is_not_taken,
    t58_while_the_user_is_away_by_redirect_the_other_tab_waits,
    t58_a_user_who_never_comes_back_is_not_waited_for_for_ever,
    t67_a_logout_in_one_tab_cancels_in_the_other,
    t67_a_logout_that_only_writes_itself_down_cancels_in_the_other,
    t58_without_web_locks_each_tab_is_for_itself,
];

/// The app's session: whose it is, and its token of lower assurance.
fn ours(token: &str) -> String {
    format!(
        "{{ session: () => ({{ sub: 'alice', accessToken: '{token}', scope: 'openid accounts:read' }}), \
           methods: ['popup', 'redirect'] }}"
    )
}

/// A request for which AL3 is demanded.
const SEND: &str = "return e2e.read(await e2e.su.fetch(e2e.api + '/echo?kind=one', \
    { method: 'POST', body: 'one', stepup: { methods: ['popup'] } }))";

/// The first tab of a user who is signed in, and the options for a further one.
#[track_caller]
fn first(world: &World) -> (Harness<'_>, String) {
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("alice");
    let token = page.run("return e2e.su.token()").value();
    let options = ours(token.as_str().expect("a token is held"));
    page.make(&options);
    world.server.forget();
    (page, options)
}

/// Another tab, with an instance of these options; it is the current one from now on.
#[track_caller]
fn another(world: &World, options: &str) -> Window {
    // A window without tabs cannot get another one.
    world.switch_to(&world.main);
    let opened = world.browser.session.post("/window/new", &json!({ "type": "tab" }));
    let opened = opened.expect("a tab opens");
    let tab = Window(opened["handle"].as_str().unwrap_or_default().to_owned());
    Harness::load(world, &tab, "/e2e/harness.html").make(options);
    tab
}

/// Waits for the window in which the user is asked, which is none of these tabs.
#[track_caller]
fn asked_besides(world: &World, tabs: &[&Window]) -> Window {
    let session = &world.browser.session;
    let asker = session.window().expect("there is a tab");
    until("the user is asked", || {
        world.switch_to(&asker);
        if Prompt(world).choices() == ["open", "cancel"] {
            Prompt(world).choose("open");
        }
        let windows = session.windows().ok()?;
        let [asking] = windows.iter().filter(|it| !tabs.contains(it)).collect::<Vec<_>>()[..]
        else {
            return None;
        };
        // One that was opened in the click closes again where another tab asks already.
        session.switch_to(asking).ok()?;
        session.url().ok()?.starts_with(&world.server.issuer).then(|| asking.clone())
    })
}

/// Waits until no window but these is there.
#[track_caller]
fn only(world: &World, tabs: &[&Window]) {
    until_true("the window closes", || {
        let windows = world.browser.session.windows().expect("the browser lists its windows");
        windows.iter().all(|window| tabs.contains(&window))
    });
}

/// Waits until the current tab has been left for the provider, and is at the passkey there.
#[track_caller]
fn left(world: &World) {
    until_true("the page is left", || {
        if Prompt(world).choices().first().is_some_and(|choice| choice == "redirect") {
            Prompt(world).choose("redirect");
        }
        world.browser.session.url().is_ok_and(|url| url.starts_with(&world.server.issuer))
    });
    world.element("button#use-passkey");
}

/// Waits until the user is back in the current tab, and gives the status of what waited there.
#[track_caller]
fn resumed(page: &Harness, ours: &str) -> Value {
    let world = page.0;
    until_true("the user is back", || {
        let script =
            "return location.href.includes('/e2e/harness.html') && window.e2e?.ready === true";
        world.browser.session.execute(script, json!([])).is_ok_and(|ready| ready == true)
    });
    let set = "Object.assign(window.e2e, arguments[0])";
    world.script(set, json!([{ "issuer": world.server.issuer, "api": world.server.api }]));
    page.make(ours);
    let resume =
        "const back = await e2e.su.resume(); return (await back.results[0].response).status";
    page.run(resume).value()
}

/// The same request, for which the page is left: two windows of prompts at once are more than WebKit's
/// driver opens.
fn send_by_redirect() -> String {
    SEND.replace("['popup']", "['redirect']")
}

/// What is stored in the clear, but for when a result was left, and when somebody logged out.
#[track_caller]
fn legible(page: &Harness) -> Value {
    let script = "return [...Object.entries(localStorage), ...Object.entries(sessionStorage)]\
        .filter(([name, value]) => !(/^stepup [^ ]+( result)?$/.test(name) && /^[\\d.]+$/.test(value)))";
    page.run(script).value()
}

#[track_caller]
fn prompts(world: &World) -> usize {
    world.server.requests("auth", "GET", "/auth").len()
}

fn t58_one_prompt_serves_two_tabs(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, ours) = first(world);
    page.click("sent", SEND);
    let asking = asked_besides(world, &[&world.main]);
    world.element("button#use-passkey");
    let second = another(world, &ours);
    page.start("sent", SEND);
    Prompt(world).offers(&["cancel"]);
    assert!(Prompt(world).text().contains("other tab"), "{}", Prompt(world).text());
    world.switch_to(&asking);
    Provider(world).passkey();
    only(world, &[&world.main, &second]);

    for tab in [&world.main, &second] {
        world.switch_to(tab);
        assert_eq!(page.outcome("sent").value()["status"], 200);
        Prompt(world).is_gone();
    }
    assert_eq!(prompts(world), 1);
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 1);
    assert_eq!(world.server.requests("api", "POST", "/echo").len(), 4);
    // Nothing of it is legible, or left in what scripts of later pages find in the clear.
    world.switch_to(&world.main);
    assert_eq!(legible(&page), json!([]));
}

fn t58_after_a_while_the_user_may_go_on_in_the_other_tab(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, ours) = first(world);
    page.click("sent", SEND);
    asked_besides(world, &[&world.main]);
    world.element("button#use-passkey");
    let second = another(world, &ours.replace("{ session", "{ turnTimeout: 1, session"));
    page.start("sent", &send_by_redirect());
    Prompt(world).offers(&["here", "cancel"]);
    Prompt(world).choose("here");
    left(world);
    Provider(world).passkey();
    assert_eq!(resumed(&page, &ours), 200);
    // What is obtained here serves the first tab as well, and its window closes.
    only(world, &[&world.main, &second]);
    world.switch_to(&world.main);
    assert_eq!(page.outcome("sent").value()["status"], 200);
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 1);
}

fn t58_where_the_asking_tab_dies_the_next_one_asks(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, ours) = first(world);
    // It asks by the app's own means, which have no window that could outlive it.
    let asks = ours.replace("{ session", "{ authenticate: () => new Promise(() => {}), session");
    let second = another(world, &asks.replace("['popup', 'redirect']", "[]"));
    page.start("sent", &SEND.replace(", stepup: { methods: ['popup'] }", ""));
    until_true("it asks", || page.event_types().contains(&"prompt".to_owned()));
    world.switch_to(&world.main);
    page.start("sent", &send_by_redirect());
    Prompt(world).offers(&["cancel"]);
    world.switch_to(&second);
    world.browser.session.close_window().expect("the tab closes");
    world.switch_to(&world.main);
    left(world);
    Provider(world).passkey();
    assert_eq!(resumed(&page, &ours), 200);
}

fn t58_another_users_result_is_not_taken(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, ours) = first(world);
    page.click("sent", SEND);
    let asking = asked_besides(world, &[&world.main]);
    world.element("button#use-passkey");
    let second = another(world, &ours.replace("alice", "bob"));
    page.start("sent", SEND);
    Prompt(world).offers(&["cancel"]);
    world.switch_to(&asking);
    Provider(world).passkey();
    world.switch_to(&world.main);
    assert_eq!(page.outcome("sent").value()["status"], 200);
    world.switch_to(&second);
    // It asks in its turn, and finds that Alice is signed in at the provider, with all that it takes.
    Prompt(world).choose("open");
    assert_eq!(page.outcome("sent").code(), "subject_mismatch");
    assert_eq!(prompts(world), 2);
}

fn t58_while_the_user_is_away_by_redirect_the_other_tab_waits(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, ours) = first(world);
    page.click("sent", &send_by_redirect());
    left(world);
    let second = another(world, &ours);
    page.start("sent", SEND);
    Prompt(world).offers(&["cancel"]);
    world.switch_to(&world.main);
    Provider(world).passkey();
    assert_eq!(resumed(&page, &ours), 200);
    world.switch_to(&second);
    assert_eq!(page.outcome("sent").value()["status"], 200);
    assert_eq!(prompts(world), 1);
    assert_eq!(legible(&page), json!([]));
}

fn t58_a_user_who_never_comes_back_is_not_waited_for_for_ever(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, ours) = first(world);
    let main = world.main.clone();
    let gone = another(world, &ours.replace("{ session", "{ pendingTtl: 5, session"));
    page.click("sent", &send_by_redirect());
    left(world);
    world.browser.session.close_window().expect("the tab closes");
    world.switch_to(&main);
    page.click("sent", SEND);
    asked_besides(world, &[&main, &gone]);
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("sent").value()["status"], 200);
}

/// The user is asked in the first tab, and then this logs out in another one, where no step-up has ever been:
/// nothing but the loader is loaded there.
#[track_caller]
fn logged_out_elsewhere<'w>(world: &'w World, script: &str) -> (Harness<'w>, Window) {
    let (page, ours) = first(world);
    page.click("sent", SEND);
    asked_besides(world, &[&world.main]);
    world.element("button#use-passkey");
    let second = another(world, &ours);
    page.run(script).value();
    world.switch_to(&world.main);
    assert_eq!(page.outcome("sent").code(), "session_changed");
    (page, second)
}

fn t67_a_logout_in_one_tab_cancels_in_the_other(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, second) = logged_out_elsewhere(world, "e2e.su.clear()");
    only(world, &[&world.main, &second]);
    assert_eq!(page.run("return e2e.su.token() ?? null").value(), Value::Null);
}

/// As where the page is left at once: nobody is there to say more.
fn t67_a_logout_that_only_writes_itself_down_cancels_in_the_other(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, _) = logged_out_elsewhere(
        world,
        "Object.defineProperty(globalThis, 'BroadcastChannel', { value: undefined }); e2e.su.clear()",
    );
    assert_eq!(page.run("return e2e.su.token() ?? null").value(), Value::Null);
}

fn t58_without_web_locks_each_tab_is_for_itself(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, ours) = first(world);
    page.click("sent", SEND);
    asked_besides(world, &[&world.main]);
    world.element("button#use-passkey");
    another(world, &ours);
    page.run("Object.defineProperty(navigator, 'locks', { value: undefined })").value();
    page.click("sent", &send_by_redirect());
    left(world);
    Provider(world).passkey();
    assert_eq!(resumed(&page, &ours), 200);
    world.switch_to(&world.main);
    assert_eq!(page.peek("sent"), None);
}
