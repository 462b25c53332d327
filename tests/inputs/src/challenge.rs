//! A `WWW-Authenticate` header, and the demands that an app's own detector may tell as JSON.

use crate::requirement;
use crate::text;
use stepup::protocol::challenge::grammar::{
    Content, MAX_CHALLENGES, MAX_LENGTH, MAX_PARAMS, Parsed, parse, steps,
};
use stepup::protocol::challenge::{list, read};
use stepup::protocol::error::ErrorCode;
use stepup::protocol::json;
use stepup::protocol::requirement::Requirement;

/// A report shows at most so much of a header: an excerpt of 64 characters, and what is wrong there.
const LONGEST_REPORT: usize = 512;

/// A header; or a demand in JSON, where that is what it is.
pub fn challenge(bytes: &[u8]) {
    let header = text(bytes);
    if let Some(demand) = json::read::<Requirement>(&header) {
        requirement::any(&demand);
        if let Ok(sendable) = demand.clone().checked() {
            assert_eq!(sendable, demand);
        }
    }
    assert!(steps(&header) <= (4 + MAX_PARAMS / 2) * (header.len() + 1), "{header:?}");
    let Ok(parsed) = parse(&header) else {
        let code = |error: stepup::protocol::error::Error| error.code;
        assert_eq!(list(&header).map_err(code), Err(ErrorCode::ChallengeRejected));
        assert_eq!(read(401, &header).map_err(code), Err(ErrorCode::ChallengeRejected));
        return;
    };
    assert!(header.len() <= MAX_LENGTH);
    is_bounded(&header, &parsed);
    reads_back(&parsed);
    is_read_alike(&header, &parsed);
}

/// Nothing comes out that was not in the header, and no more of it than was there.
fn is_bounded(header: &str, parsed: &Parsed) {
    assert!(parsed.challenges.len() + parsed.faults.len() <= MAX_CHALLENGES);
    let mut size = 0;
    for challenge in &parsed.challenges {
        size += challenge.scheme.len();
        match &challenge.content {
            Content::Empty => {}
            Content::Token68(token68) => size += token68.len(),
            Content::Params(params) => {
                let names: Vec<_> = params.iter().map(|(name, _)| name).collect();
                assert!((1..=MAX_PARAMS).contains(&names.len()));
                for (index, name) in names.iter().enumerate() {
                    assert!(!names[..index].contains(name), "{name} twice in {header:?}");
                    assert_eq!(**name, name.to_ascii_lowercase());
                }
                size += params.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
            }
        }
    }
    assert!(size <= header.len(), "{size} out of {header:?}");
    for fault in &parsed.faults {
        assert!(header.is_char_boundary(fault.at), "{} in {header:?}", fault.at);
        let told = fault.to_string();
        assert!(told.len() <= LONGEST_REPORT, "{told}");
        assert!(told.chars().all(|char| matches!(char, ' '..='~' | '…')), "{told:?}");
    }
}

/// What was read prints as what is read as the same.
fn reads_back(parsed: &Parsed) {
    let printed: Vec<String> = parsed.challenges.iter().map(ToString::to_string).collect();
    let printed = printed.join(", ");
    // Quoting makes it longer.
    if printed.len() <= MAX_LENGTH {
        let again = parse(&printed).expect("what is printed is within the bounds");
        assert_eq!(again.challenges, parsed.challenges, "{printed}");
        assert_eq!(again.faults, [], "{printed}");
    }
}

/// What the header demands is what one of its challenges demands, whatever the status.
fn is_read_alike(header: &str, parsed: &Parsed) {
    let listed = list(header).expect("it was parsed");
    assert_eq!(listed.len(), parsed.challenges.len());
    let demands: Vec<_> = listed.iter().filter_map(|one| one.requirement.as_ref()).collect();
    demands.iter().for_each(|demand| requirement::from_challenge(demand));
    for pair in demands.windows(2) {
        requirement::both(pair[0], pair[1]);
    }
    assert_eq!(read(200, header).expect("no challenge has this status"), <_>::default());
    let reading = match read(401, header) {
        Ok(reading) => reading,
        Err(error) => {
            assert_eq!(error.code, ErrorCode::ChallengeRejected);
            assert!(demands.is_empty(), "refused, although one can be followed: {header:?}");
            return;
        }
    };
    let of_bearer = listed.iter().filter(|one| one.scheme.eq_ignore_ascii_case("bearer"));
    let first = of_bearer.filter_map(|one| one.requirement.as_ref()).next();
    assert_eq!(reading.requirement.as_ref(), first.or(demands.first().copied()), "{header:?}");
    assert!(!(reading.invalid_token && reading.requirement.is_some()));
    let forbidden = read(403, header).expect("either status is read alike");
    assert_eq!(forbidden.requirement, reading.requirement);
    assert!(!forbidden.invalid_token);
    assert!(reading.reports.len() <= MAX_CHALLENGES);
    for report in &reading.reports {
        // A scheme is told as it was written.
        assert!(report.to_string().len() <= LONGEST_REPORT + header.len());
    }
}
