//! The tree of an expression. Chains of operators are lists, so that a long chain is not a deep tree.

use super::functions::Function;

/// An expression.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    /// Operands with operators of one precedence between them, from left to right.
    Chain(Box<Expression>, Vec<(Operator, Expression)>),
    /// A minus sign before an operand.
    Negative(Box<Expression>),
    /// A location path, from the root, the context node, or the nodes of an expression.
    Path(Start, Vec<Step>),
    /// An expression with predicates behind it.
    Filtered(Box<Expression>, Vec<Expression>),
    /// A text in quotes.
    Text(String),
    /// A number.
    Number(f64),
    /// A call.
    Call(Function, Vec<Expression>),
}

/// Where a location path begins.
#[derive(Debug, Clone)]
pub(super) enum Start {
    Root,
    Context,
    Nodes(Box<Expression>),
}

/// One step of a location path.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) axis: Axis,
    pub(super) test: Test,
    pub(super) predicates: Vec<Expression>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Multiply,
    Divide,
    Remainder,
    Union,
}

impl Operator {
    /// How tightly it binds; the operators of one chain have the same number.
    pub(super) fn precedence(self) -> usize {
        match self {
            Self::Or => 0,
            Self::And => 1,
            Self::Equal | Self::NotEqual => 2,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => 3,
            Self::Plus | Self::Minus => 4,
            Self::Multiply | Self::Divide | Self::Remainder => 5,
            Self::Union => 6,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Parent,
    Preceding,
    PrecedingSibling,
    Itself,
}

impl Axis {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "ancestor" => Self::Ancestor,
            "ancestor-or-self" => Self::AncestorOrSelf,
            "attribute" => Self::Attribute,
            "child" => Self::Child,
            "descendant" => Self::Descendant,
            "descendant-or-self" => Self::DescendantOrSelf,
            "following" => Self::Following,
            "following-sibling" => Self::FollowingSibling,
            "parent" => Self::Parent,
            "preceding" => Self::Preceding,
            "preceding-sibling" => Self::PrecedingSibling,
            "self" => Self::Itself,
            _ => return None,
        })
    }
}

/// Which nodes of an axis are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    /// `*`
    Any,
    /// `prefix:*`
    Namespace(String),
    /// `name` or `prefix:name`
    Name(Option<String>, String),
    /// `node()`
    Node,
    /// `text()`
    Text,
    /// `comment()`
    Comment,
    /// `processing-instruction()`, perhaps with a target.
    Instruction(Option<String>),
}
