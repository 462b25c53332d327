//! How the core's types come in from beyond its border and go out again: as JavaScript values in the
//! browser, as JSON elsewhere.
//!
//! Each type declares once what its members are called out there. Nothing is derived: generic readers
//! that can say what they expected, and where, were a quarter of the wasm module, and nobody read what
//! they said.

/// A value beyond the border.
pub trait Foreign: Sized {
    /// A member; undefined where there is none.
    #[must_use]
    fn get(&self, name: &str) -> Self;
    /// Whether it can have members.
    fn is_object(&self) -> bool;
    /// Whether it is not there at all.
    fn is_undefined(&self) -> bool;
    /// Whether it is `null`.
    fn is_null(&self) -> bool;
    /// It as a text, if it is one.
    fn text(&self) -> Option<String>;
    /// It as a number, if it is one.
    fn number(&self) -> Option<f64>;
    /// It as a truth value, if it is one.
    fn flag(&self) -> Option<bool>;
    /// What is in it, if it is a list.
    fn items(&self) -> Option<Vec<Self>>;

    /// What is left out of an object.
    #[must_use]
    fn undefined() -> Self;
    /// A text.
    fn of_text(text: &str) -> Self;
    /// A number.
    fn of_number(number: f64) -> Self;
    /// A truth value.
    fn of_flag(flag: bool) -> Self;
    /// A list.
    fn of_items(items: Vec<Self>) -> Self;
    /// An object without members.
    #[must_use]
    fn object() -> Self;
    /// Gives an object a member, unless that is undefined.
    fn set(&mut self, name: &str, value: Self);
}

/// What can come in. It is made blank and then filled, so that a member costs one call and no branch:
/// whether all were as they should be is asked once.
pub trait Import: Sized {
    /// Something to be filled; of no meaning before.
    fn blank() -> Self;
    /// Fills it. False where what is there does not have the form; what it is then means nothing.
    fn fill<F: Foreign>(&mut self, from: &F) -> bool;
}

/// What can go out.
pub trait Export {
    /// Writes it.
    fn export<F: Foreign>(&self) -> F;
}

/// Reads a value; none where it does not have the form.
pub fn import<T: Import>(from: &impl Foreign) -> Option<T> {
    let mut value = T::blank();
    value.fill(from).then_some(value)
}

/// Reads a member that must be there, unless its type says otherwise.
pub fn member<F: Foreign, T: Import>(from: &F, name: &str, into: &mut T) -> bool {
    into.fill(&from.get(name))
}

/// Reads a member that may be missing; what is there instead must have the form.
pub fn member_if_any<F: Foreign, T: Import>(from: &F, name: &str, into: &mut T) -> bool {
    let value = from.get(name);
    value.is_undefined() || into.fill(&value)
}

/// The members of a type, by the names that they have outside, in their order. What stands behind
/// `or` is for where one is missing; what stands after the semicolon does not cross.
macro_rules! record {
    (import $type:ty { $($field:ident: $name:literal $(or $otherwise:expr)?),+ $(; $($rest:tt)*)? }) => {
        impl $crate::protocol::border::Import for $type {
            fn blank() -> Self {
                Self {
                    $($field: $crate::protocol::border::record!(@blank $($otherwise)?),)+
                    $($($rest)*)?
                }
            }

            fn fill<F: $crate::protocol::border::Foreign>(&mut self, from: &F) -> bool {
                let mut fine = from.is_object();
                $(fine &= $crate::protocol::border::record!(
                    @fill from $name, &mut self.$field $(, $otherwise)?
                );)+
                fine
            }
        }
    };
    (export $type:ty { $($field:ident: $name:literal),+ }) => {
        impl $crate::protocol::border::Export for $type {
            fn export<F: $crate::protocol::border::Foreign>(&self) -> F {
                let mut object = F::object();
                $(object.set($name, $crate::protocol::border::Export::export(&self.$field));)+
                object
            }
        }
    };
    ($type:ty { $($field:ident: $name:literal $(or $otherwise:expr)?),+ $(; $($rest:tt)*)? }) => {
        $crate::protocol::border::record!(import $type {
            $($field: $name $(or $otherwise)?),+ $(; $($rest)*)?
        });
        $crate::protocol::border::record!(export $type { $($field: $name),+ });
    };
    (@blank) => { $crate::protocol::border::Import::blank() };
    (@blank $otherwise:expr) => { $otherwise };
    (@fill $from:ident $name:literal, $into:expr) => {
        $crate::protocol::border::member($from, $name, $into)
    };
    (@fill $from:ident $name:literal, $into:expr, $otherwise:expr) => {
        $crate::protocol::border::member_if_any($from, $name, $into)
    };
}

/// What each of a few words stands for.
macro_rules! words {
    (import $type:ty { $first:ident: $word:literal $(, $variant:ident: $other:literal)* $(,)? }) => {
        impl $crate::protocol::border::Import for $type {
            fn blank() -> Self {
                Self::$first
            }

            fn fill<F: $crate::protocol::border::Foreign>(&mut self, from: &F) -> bool {
                *self = match from.text().unwrap_or_default().as_str() {
                    $word => Self::$first,
                    $($other => Self::$variant,)*
                    _ => return false,
                };
                true
            }
        }
    };
    ($type:ty { $($variant:ident: $word:literal),+ $(,)? }) => {
        $crate::protocol::border::words!(import $type { $($variant: $word),+ });
        impl $crate::protocol::border::Export for $type {
            fn export<F: $crate::protocol::border::Foreign>(&self) -> F {
                F::of_text(match self { $(Self::$variant => $word,)+ })
            }
        }
    };
}

/// A type around another one, which is not to be seen outside.
macro_rules! alike {
    ($($type:ident),+) => {$(
        impl $crate::protocol::border::Import for $type {
            fn blank() -> Self {
                Self($crate::protocol::border::Import::blank())
            }

            fn fill<F: $crate::protocol::border::Foreign>(&mut self, from: &F) -> bool {
                self.0.fill(from)
            }
        }

        impl $crate::protocol::border::Export for $type {
            fn export<F: $crate::protocol::border::Foreign>(&self) -> F {
                self.0.export()
            }
        }
    )+};
}

pub(crate) use {alike, record, words};

/// Puts what was read where it belongs, if it was.
pub fn put<T>(into: &mut T, read: Option<T>) -> bool {
    match read {
        Some(read) => *into = read,
        None => return false,
    }
    true
}

impl Import for String {
    fn blank() -> Self {
        Self::new()
    }

    fn fill<F: Foreign>(&mut self, from: &F) -> bool {
        put(self, from.text())
    }
}

impl Export for String {
    fn export<F: Foreign>(&self) -> F {
        F::of_text(self)
    }
}

impl Import for bool {
    fn blank() -> Self {
        false
    }

    fn fill<F: Foreign>(&mut self, from: &F) -> bool {
        put(self, from.flag())
    }
}

impl Export for bool {
    fn export<F: Foreign>(&self) -> F {
        F::of_flag(*self)
    }
}

impl Import for f64 {
    fn blank() -> Self {
        0.0
    }

    fn fill<F: Foreign>(&mut self, from: &F) -> bool {
        put(self, from.number())
    }
}

impl Export for f64 {
    fn export<F: Foreign>(&self) -> F {
        F::of_number(*self)
    }
}

/// The largest whole number up to which JavaScript has each exactly.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

#[allow(clippy::cast_possible_truncation, clippy::float_cmp)]
fn whole<F: Foreign>(from: &F) -> Option<i64> {
    let whole = |it: &f64| it.trunc() == *it && it.abs() <= MAX_SAFE;
    from.number().filter(whole).map(|number| number as i64)
}

macro_rules! whole_numbers {
    ($($type:ty),+) => {$(
        impl Import for $type {
            fn blank() -> Self {
                0
            }

            fn fill<F: Foreign>(&mut self, from: &F) -> bool {
                put(self, whole(from).and_then(|number| number.try_into().ok()))
            }
        }
    )+};
}

whole_numbers!(i64, u64, u32, usize);

#[allow(clippy::cast_precision_loss)]
impl Export for i64 {
    fn export<F: Foreign>(&self) -> F {
        F::of_number(*self as f64)
    }
}

#[allow(clippy::cast_precision_loss)]
impl Export for u64 {
    fn export<F: Foreign>(&self) -> F {
        F::of_number(*self as f64)
    }
}

impl<T: Import> Import for Option<T> {
    fn blank() -> Self {
        None
    }

    fn fill<F: Foreign>(&mut self, from: &F) -> bool {
        if from.is_undefined() || from.is_null() {
            *self = None;
            return true;
        }
        self.insert(T::blank()).fill(from)
    }
}

impl<T: Export> Export for Option<T> {
    fn export<F: Foreign>(&self) -> F {
        self.as_ref().map_or_else(F::undefined, T::export)
    }
}

impl<T: Import> Import for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }

    fn fill<F: Foreign>(&mut self, from: &F) -> bool {
        self.clear();
        let Some(items) = from.items() else { return false };
        let mut fine = true;
        for item in &items {
            let mut value = T::blank();
            fine &= value.fill(item);
            self.push(value);
        }
        fine
    }
}

impl<T: Export> Export for Vec<T> {
    fn export<F: Foreign>(&self) -> F {
        let mut items = Vec::with_capacity(self.len());
        for item in self {
            items.push(item.export());
        }
        F::of_items(items)
    }
}

impl<T: Import> Import for Box<T> {
    fn blank() -> Self {
        Self::new(T::blank())
    }

    fn fill<F: Foreign>(&mut self, from: &F) -> bool {
        self.as_mut().fill(from)
    }
}

impl<T: Export> Export for Box<T> {
    fn export<F: Foreign>(&self) -> F {
        self.as_ref().export()
    }
}

/// An object with one member, which says by its name what it is.
pub fn tagged<F: Foreign>(name: &str, value: &impl Export) -> F {
    let mut object = F::object();
    object.set(name, value.export());
    object
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::protocol::json::{Json, read, write};
    use crate::protocol::method::Method;
    use crate::protocol::requirement::Requirement;
    use crate::protocol::units::Seconds;

    #[derive(Debug, PartialEq)]
    struct Trip {
        to: String,
        by: Option<Method>,
        lasts: Seconds,
        alone: bool,
        notes: u32,
    }

    record!(import Trip { to: "to", by: "travelBy", lasts: "lasts" or Seconds(60), alone: "alone"; notes: 7 });
    record!(export Trip { to: "to", by: "travelBy", lasts: "lasts", alone: "alone" });

    #[test]
    fn a_record_has_the_names_that_it_declares() {
        let text = r#"{"to":"Kyōto","travelBy":"popup","lasts":5,"alone":true}"#;
        let trip: Trip = read(text).unwrap();
        let by = Some(Method::Popup);
        let same = Trip { to: "Kyōto".into(), by, lasts: Seconds(5), alone: true, notes: 7 };
        assert_eq!(trip, same);
        assert_eq!(write(&trip), text);
    }

    #[test]
    fn what_may_be_missing_may_be_missing() {
        for text in [
            r#"{"to":"","alone":false}"#,
            r#"{"to":"","alone":false,"travelBy":null,"notes":"mine"}"#,
        ] {
            let trip: Trip = read(text).unwrap();
            assert_eq!((trip.by, trip.lasts, trip.notes), (None, Seconds(60), 7));
            assert_eq!(write(&trip), r#"{"to":"","lasts":60,"alone":false}"#);
        }
    }

    #[test]
    fn what_does_not_have_the_form_is_not_read() {
        for text in [
            "7",
            "null",
            r#""to""#,
            "[]",
            r#"{"to":"a"}"#,
            r#"{"to":null,"alone":false}"#,
            r#"{"to":["a"],"alone":false}"#,
            r#"{"to":"a","alone":0}"#,
            r#"{"to":"a","alone":"true"}"#,
            r#"{"to":"a","alone":false,"travelBy":"boat"}"#,
            r#"{"to":"a","alone":false,"travelBy":{"popup":null}}"#,
            r#"{"to":"a","alone":false,"lasts":null}"#,
            r#"{"to":"a","alone":false,"lasts":"5"}"#,
        ] {
            assert_eq!(read::<Trip>(text), None, "{text}");
        }
    }

    #[test]
    fn what_has_no_members_is_no_record_although_none_must_be_there() {
        assert_eq!(read("{}"), Some(Requirement::default()));
        for text in ["7", "\"\"", "true", "null"] {
            assert_eq!(read::<Requirement>(text), None, "{text}");
        }
    }

    #[test]
    fn whole_numbers_are_those_that_javascript_has_exactly() {
        assert_eq!(read("-5"), Some(-5_i64));
        assert_eq!(read("1e3"), Some(1000_u64));
        assert_eq!(read("9007199254740991"), Some((1_u64 << 53) - 1));
        for text in ["9007199254740992", "0.5", "1e400", "-1", "true", "\"1\""] {
            assert_eq!(read::<u64>(text), None, "{text}");
        }
        assert_eq!(read("4294967295"), Some(u32::MAX));
        assert_eq!(read::<u32>("4294967296"), None);
        assert_eq!(read("0.5"), Some(0.5));
    }

    #[test]
    fn one_that_is_amiss_makes_the_list_amiss() {
        assert_eq!(read(r#"["a","b"]"#), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(read("[null,3]"), Some(vec![None, Some(3_u32)]));
        assert_eq!(read::<Vec<String>>(r#"["a",1]"#), None);
        assert_eq!(read::<Vec<String>>(r#""a""#), None);
        assert_eq!(write(&vec![Some("a".to_owned())]), r#"["a"]"#);
        assert_eq!(Json::parse(&write(&true)), Json::parse("true"));
    }
}
