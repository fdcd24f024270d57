//! The serde deserializer over the tree: it knows the place of every value and the path of keys down to it.
//!
//! Texts take numbers as they were written (`3.10` stays `3.10`), nothing (`key:`) is an empty list or mapping or an
//! absent option, and a scalar of the environment or a flag becomes what the setting wants. Everything else is strict.

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

use super::error::{Problem, SettingError};
use super::tree::{Key, Node, Number, NumberValue, Origin, Value};

/// The name of a newtype that reads a single value as a list of one.
pub(super) const ONE_OR_MANY: &str = "iiswsgi::OneOrMany";

/// The name of a newtype that reads a boolean as text as well.
pub(super) const SCALAR: &str = "iiswsgi::Scalar";

/// Reads a type from a tree.
pub(super) fn from_tree<'de, T: de::Deserialize<'de>>(node: &'de Node) -> Result<T, SettingError> {
    T::deserialize(node)
}

impl de::Error for SettingError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Problem::Other(message.to_string()).into()
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_value(unexpected, expected)
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = match expected.to_string().as_str() {
            "a string" => "a text".to_owned(),
            "a boolean" => "`true` or `false`".to_owned(),
            "a map" => "a mapping".to_owned(),
            "a sequence" => "a list".to_owned(),
            other => other.to_owned(),
        };
        Problem::Value { found: found(unexpected), expected }.into()
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Problem::UnknownChoice { found: variant.to_owned(), known: expected.to_vec() }.into()
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Problem::UnknownKey { key: field.to_owned(), known: expected.to_vec() }.into()
    }

    fn missing_field(field: &'static str) -> Self {
        Problem::MissingKey { key: field.to_owned() }.into()
    }

    fn duplicate_field(field: &'static str) -> Self {
        Problem::DuplicateKey { key: field.to_owned() }.into()
    }
}

impl From<Problem> for SettingError {
    fn from(problem: Problem) -> Self {
        Self { problem, ..Self::default() }
    }
}

impl SettingError {
    /// Fills in the place, unless a deeper one is known already.
    fn at(mut self, origin: &Origin) -> Self {
        if self.origin == Origin::Default {
            self.origin = origin.clone();
        }
        self
    }

    fn under(mut self, part: String) -> Self {
        self.path.insert(0, part);
        self
    }
}

/// What was found, in words.
fn found(unexpected: Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Bool(value) => format!("the boolean `{value}`"),
        Unexpected::Unsigned(value) => format!("the number `{value}`"),
        Unexpected::Signed(value) => format!("the number `{value}`"),
        Unexpected::Float(value) => format!("the number `{value}`"),
        Unexpected::Str(text) if text.chars().count() > 60 => {
            format!("the text `{}…`", text.chars().take(60).collect::<String>())
        }
        Unexpected::Str(text) => format!("the text `{text}`"),
        Unexpected::Unit | Unexpected::Option => "empty".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}

impl Node {
    fn unexpected(&self) -> Unexpected<'_> {
        match &self.value {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(Number { value: NumberValue::Integer(value), .. }) => Unexpected::Signed(*value),
            Value::Number(Number { value: NumberValue::Float(value), .. }) => Unexpected::Float(*value),
            Value::Text(text) | Value::Untyped(text) => Unexpected::Str(text),
            Value::List(_) => Unexpected::Seq,
            Value::Map(_) => Unexpected::Map,
        }
    }

    fn wrong<T>(&self, expected: &dyn Expected) -> Result<T, SettingError> {
        Err(<SettingError as de::Error>::invalid_type(self.unexpected(), expected).at(&self.origin))
    }

    fn visit<'de, V: Visitor<'de>>(&'de self, visitor: V) -> Result<V::Value, SettingError> {
        let visited = match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(Number { value: NumberValue::Integer(value), .. }) => {
                visit_integer(*value, visitor)
            }
            Value::Number(Number { value: NumberValue::Float(value), .. }) => visitor.visit_f64(*value),
            Value::Text(text) | Value::Untyped(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => visitor.visit_seq(Items { items, next: 0 }),
            Value::Map(entries) => visitor.visit_map(Entries { entries, next: 0 }),
        };
        visited.map_err(|error| error.at(&self.origin))
    }

    fn number<'de, V: Visitor<'de>>(&'de self, visitor: V) -> Result<V::Value, SettingError> {
        let Value::Untyped(text) = &self.value else { return self.visit(visitor) };
        let visited = if let Ok(value) = text.trim().parse::<i64>() {
            visit_integer(value, visitor)
        } else if let Ok(value) = text.trim().parse::<f64>() {
            visitor.visit_f64(value)
        } else {
            return self.wrong(&visitor);
        };
        visited.map_err(|error| error.at(&self.origin))
    }

    fn text<'de, V: Visitor<'de>>(&'de self, visitor: V) -> Result<V::Value, SettingError> {
        match &self.value {
            Value::Number(number) => {
                visitor.visit_borrowed_str(&number.text).map_err(|error: SettingError| error.at(&self.origin))
            }
            _ => self.visit(visitor),
        }
    }
}

/// Serde's visitors tell signed from unsigned: a number goes to the one that fits.
fn visit_integer<'de, V: Visitor<'de>>(value: i64, visitor: V) -> Result<V::Value, SettingError> {
    match u64::try_from(value) {
        Ok(value) => visitor.visit_u64(value),
        Err(_) => visitor.visit_i64(value),
    }
}

/// Asks for a number in each of the widths that serde knows.
macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SettingError> {
            self.number(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = SettingError;

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SettingError> {
        self.visit(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SettingError> {
        let Value::Untyped(text) = &self.value else { return self.visit(visitor) };
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => visitor.visit_bool(true),
            "false" | "0" | "no" | "off" => visitor.visit_bool(false),
            _ => self.wrong(&visitor),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SettingError> {
        self.text(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SettingError> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SettingError> {
        self.text(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SettingError> {
        match &self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self).map_err(|error| error.at(&self.origin)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, SettingError> {
        let read = match (name, &self.value) {
            (ONE_OR_MANY, Value::Null | Value::List(_)) => return self.deserialize_seq(visitor),
            (ONE_OR_MANY, _) => visitor.visit_seq(One(Some(self))),
            (SCALAR, Value::Bool(value)) => visitor.visit_str(if *value { "true" } else { "false" }),
            (SCALAR, _) => return self.text(visitor),
            _ => visitor.visit_newtype_struct(self),
        };
        read.map_err(|error| error.at(&self.origin))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SettingError> {
        match &self.value {
            Value::Null => visitor.visit_seq(Items { items: &[], next: 0 }),
            _ => self.visit(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SettingError> {
        match &self.value {
            Value::Null => {
                visitor.visit_map(Entries { entries: &[], next: 0 }).map_err(|error| error.at(&self.origin))
            }
            _ => self.visit(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, SettingError> {
        match &self.value {
            Value::Null | Value::Map(_) => self.deserialize_map(visitor),
            // Serde would read a list as the fields in order, which no configuration means.
            _ => self.wrong(&"a mapping"),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, SettingError> {
        match &self.value {
            Value::Text(_) | Value::Untyped(_) => {
                visitor.visit_enum(Word(self)).map_err(|error| error.at(&self.origin))
            }
            _ => self.wrong(&"a word"),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// The items of a list.
struct Items<'de> {
    items: &'de [Node],
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = SettingError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, SettingError> {
        let Some(item) = self.items.get(self.next) else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        seed.deserialize(item).map(Some).map_err(|error| error.at(&item.origin).under(format!("[{index}]")))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

/// A single value as a list.
struct One<'de>(Option<&'de Node>);

impl<'de> SeqAccess<'de> for One<'de> {
    type Error = SettingError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, SettingError> {
        self.0.take().map(|item| seed.deserialize(item)).transpose()
    }
}

/// The entries of a mapping.
struct Entries<'de> {
    entries: &'de [(Key, Node)],
    next: usize,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = SettingError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, SettingError> {
        let Some((key, _)) = self.entries.get(self.next) else { return Ok(None) };
        self.next += 1;
        seed.deserialize(key.name.as_str().into_deserializer())
            .map(Some)
            .map_err(|error: SettingError| error.at(&key.origin))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, SettingError> {
        let (key, node) = &self.entries[self.next - 1];
        seed.deserialize(node).map_err(|error| error.at(&node.origin).under(key.name.clone()))
    }
}

/// A word that chooses a variant.
struct Word<'de>(&'de Node);

impl<'de> EnumAccess<'de> for Word<'de> {
    type Error = SettingError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), SettingError> {
        Ok((seed.deserialize(self.0)?, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'de> {
    type Error = SettingError;

    fn unit_variant(self) -> Result<(), SettingError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Result<T::Value, SettingError> {
        self.0.wrong(&"a word without a value")
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, _visitor: V) -> Result<V::Value, SettingError> {
        self.0.wrong(&"a word without a value")
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, SettingError> {
        self.0.wrong(&"a word without a value")
    }
}
