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

/// What can come in.
pub trait Import: Sized {
    /// Reads it; none where it does not have the form.
    fn import<F: Foreign>(from: &F) -> Option<Self>;
}

/// What can go out.
pub trait Export {
    /// Writes it.
    fn export<F: Foreign>(&self) -> F;
}

/// A member that must be there, unless its type says otherwise.
pub fn member<F: Foreign, T: Import>(from: &F, name: &str) -> Option<T> {
    T::import(&from.get(name))
}

/// A member that may be missing; what is there instead must have the form.
pub fn member_or<F: Foreign, T: Import>(from: &F, name: &str, otherwise: T) -> Option<T> {
    let value = from.get(name);
    match value.is_undefined() {
        true => Some(otherwise),
        false => T::import(&value),
    }
}

/// The members of a type, by the names that they have outside, in their order. What stands behind
/// `or` is for where one is missing; what stands after the semicolon does not cross.
macro_rules! record {
    (import $type:ty { $($field:ident: $name:literal $(or $otherwise:expr)?),+ $(; $($rest:tt)*)? }) => {
        impl $crate::protocol::border::Import for $type {
            fn import<F: $crate::protocol::border::Foreign>(from: &F) -> Option<Self> {
                from.is_object().then_some(())?;
                Some(Self {
                    $($field: $crate::protocol::border::record!(@read from $name $($otherwise)?),)+
                    $($($rest)*)?
                })
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
    (@read $from:ident $name:literal) => {
        $crate::protocol::border::member($from, $name)?
    };
    (@read $from:ident $name:literal $otherwise:expr) => {
        $crate::protocol::border::member_or($from, $name, $otherwise)?
    };
}

/// What each of a few words stands for.
macro_rules! words {
    (import $type:ty { $($variant:ident: $word:literal),+ $(,)? }) => {
        impl $crate::protocol::border::Import for $type {
            fn import<F: $crate::protocol::border::Foreign>(from: &F) -> Option<Self> {
                Some(match from.text()?.as_str() {
                    $($word => Self::$variant,)+
                    _ => return None,
                })
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
            fn import<F: $crate::protocol::border::Foreign>(from: &F) -> Option<Self> {
                $crate::protocol::border::Import::import(from).map(Self)
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

impl Import for String {
    fn import<F: Foreign>(from: &F) -> Option<Self> {
        from.text()
    }
}

impl Export for String {
    fn export<F: Foreign>(&self) -> F {
        F::of_text(self)
    }
}

impl Import for bool {
    fn import<F: Foreign>(from: &F) -> Option<Self> {
        from.flag()
    }
}

impl Export for bool {
    fn export<F: Foreign>(&self) -> F {
        F::of_flag(*self)
    }
}

impl Import for f64 {
    fn import<F: Foreign>(from: &F) -> Option<Self> {
        from.number()
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
impl Import for i64 {
    fn import<F: Foreign>(from: &F) -> Option<Self> {
        let whole = |it: &f64| it.trunc() == *it && it.abs() <= MAX_SAFE;
        from.number().filter(whole).map(|number| number as Self)
    }
}

#[allow(clippy::cast_precision_loss)]
impl Export for i64 {
    fn export<F: Foreign>(&self) -> F {
        F::of_number(*self as f64)
    }
}

impl Import for u64 {
    fn import<F: Foreign>(from: &F) -> Option<Self> {
        i64::import(from)?.try_into().ok()
    }
}

#[allow(clippy::cast_precision_loss)]
impl Export for u64 {
    fn export<F: Foreign>(&self) -> F {
        F::of_number(*self as f64)
    }
}

impl Import for u32 {
    fn import<F: Foreign>(from: &F) -> Option<Self> {
        i64::import(from)?.try_into().ok()
    }
}

impl Import for usize {
    fn import<F: Foreign>(from: &F) -> Option<Self> {
        i64::import(from)?.try_into().ok()
    }
}

impl<T: Import> Import for Option<T> {
    fn import<F: Foreign>(from: &F) -> Option<Self> {
        match from.is_undefined() || from.is_null() {
            true => Some(None),
            false => T::import(from).map(Some),
        }
    }
}

impl<T: Export> Export for Option<T> {
    fn export<F: Foreign>(&self) -> F {
        self.as_ref().map_or_else(F::undefined, T::export)
    }
}

impl<T: Import> Import for Vec<T> {
    fn import<F: Foreign>(from: &F) -> Option<Self> {
        from.items()?.iter().map(T::import).collect()
    }
}

impl<T: Export> Export for Vec<T> {
    fn export<F: Foreign>(&self) -> F {
        F::of_items(self.iter().map(T::export).collect())
    }
}

impl<T: Import> Import for Box<T> {
    fn import<F: Foreign>(from: &F) -> Option<Self> {
        T::import(from).map(Self::new)
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
