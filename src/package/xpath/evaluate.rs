//! Evaluating an expression: steps, predicates, operators, comparisons.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;

use super::Node;
use super::ast::{Axis, Expression, Operator, Start, Step, Test};
use super::axes::{attribute, element, instruction, string_value, walk};
use super::functions::{call, count};
use super::value::{Value, number_of};
use crate::xml::{Document, Element, NodeKind};

/// How many nodes and comparisons one evaluation may look at.
pub(super) const MAX_WORK: u64 = 5_000_000;

/// Why an evaluation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    Prefix(String),
    NotNodes,
    TooMuch,
}

/// The context node, its position and the number of nodes beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub(super) node: Node,
    pub(super) position: usize,
    pub(super) size: usize,
}

pub(super) fn evaluate(
    expression: &Expression,
    document: &Document,
    node: Node,
    most: u64,
) -> Result<Value, Fault> {
    let evaluator = Evaluator {
        document,
        left: Cell::new(most),
        prefixes: OnceCell::new(),
        namespaces: document.text().contains("xmlns"),
    };
    evaluator.evaluate(expression, Context { node, position: 1, size: 1 })
}

pub(super) struct Evaluator<'d> {
    pub(super) document: &'d Document,
    /// The work that may still be done.
    left: Cell<u64>,
    /// The first declaration of each prefix in the document.
    prefixes: OnceCell<HashMap<&'d str, &'d str>>,
    /// Whether the document declares any namespace.
    namespaces: bool,
}

impl<'d> Evaluator<'d> {
    pub(super) fn spend(&self, work: u64) -> Result<(), Fault> {
        let left = self.left.get().checked_sub(work).ok_or(Fault::TooMuch)?;
        self.left.set(left);
        Ok(())
    }

    pub(super) fn evaluate(&self, expression: &Expression, context: Context) -> Result<Value, Fault> {
        self.spend(1)?;
        match expression {
            Expression::Text(text) => Ok(Value::Text(text.clone())),
            Expression::Number(number) => Ok(Value::Number(*number)),
            Expression::Negative(inner) => {
                Ok(Value::Number(-self.evaluate(inner, context)?.to_number(self.document)))
            }
            Expression::Call(function, arguments) => call(self, context, *function, arguments),
            Expression::Filtered(inner, predicates) => {
                let mut nodes = self.nodes(inner, context)?;
                for predicate in predicates {
                    nodes = self.filter(nodes, predicate)?;
                }
                Ok(Value::Nodes(nodes))
            }
            Expression::Path(start, steps) => {
                let mut nodes = match start {
                    Start::Root => vec![Node::Root],
                    Start::Context => vec![context.node],
                    Start::Nodes(inner) => self.nodes(inner, context)?,
                };
                for step in steps {
                    nodes = self.step(&nodes, step)?;
                }
                Ok(Value::Nodes(nodes))
            }
            Expression::Chain(first, rest) => self.chain(first, rest, context),
        }
    }

    fn nodes(&self, expression: &Expression, context: Context) -> Result<Vec<Node>, Fault> {
        match self.evaluate(expression, context)? {
            Value::Nodes(nodes) => Ok(nodes),
            _ => Err(Fault::NotNodes),
        }
    }

    fn chain(
        &self,
        first: &Expression,
        rest: &[(Operator, Expression)],
        context: Context,
    ) -> Result<Value, Fault> {
        let mut left = self.evaluate(first, context)?;
        for (operator, expression) in rest {
            // What stands behind is not looked at when the outcome is known.
            if matches!(operator, Operator::Or | Operator::And) {
                let known = left.to_boolean();
                let decided = known == (*operator == Operator::Or);
                left = Value::Boolean(if decided {
                    known
                } else {
                    self.evaluate(expression, context)?.to_boolean()
                });
                continue;
            }
            let right = self.evaluate(expression, context)?;
            left = self.operate(*operator, left, right)?;
        }
        Ok(left)
    }

    fn operate(&self, operator: Operator, left: Value, right: Value) -> Result<Value, Fault> {
        let numbers = |of: fn(f64, f64) -> f64| {
            Ok(Value::Number(of(left.to_number(self.document), right.to_number(self.document))))
        };
        match operator {
            Operator::Plus => numbers(|left, right| left + right),
            Operator::Minus => numbers(|left, right| left - right),
            Operator::Multiply => numbers(|left, right| left * right),
            Operator::Divide => numbers(|left, right| left / right),
            // Rust's remainder truncates, and so does XPath's.
            Operator::Remainder => numbers(|left, right| left % right),
            Operator::Union => match (left, right) {
                (Value::Nodes(mut nodes), Value::Nodes(more)) => {
                    nodes.extend(more);
                    sort(&mut nodes);
                    Ok(Value::Nodes(nodes))
                }
                _ => Err(Fault::NotNodes),
            },
            _ => self.compare(operator, &left, &right).map(Value::Boolean),
        }
    }

    /// Section 3.4: of nodes, any one that fits is enough.
    fn compare(&self, operator: Operator, left: &Value, right: &Value) -> Result<bool, Fault> {
        match (left, right) {
            (Value::Nodes(nodes), Value::Nodes(others)) => {
                let texts = self.texts(nodes)?;
                let others = self.texts(others)?;
                self.spend((texts.len() * others.len()) as u64)?;
                Ok(texts.iter().any(|text| others.iter().any(|other| compare_texts(operator, text, other))))
            }
            (Value::Nodes(_), Value::Boolean(_)) | (Value::Boolean(_), Value::Nodes(_)) => {
                Ok(compare_numbers(
                    operator,
                    f64::from(u8::from(left.to_boolean())),
                    f64::from(u8::from(right.to_boolean())),
                ))
            }
            (Value::Nodes(nodes), other) => Ok(self
                .texts(nodes)?
                .into_iter()
                .any(|text| self.compare_values(operator, &Value::Text(text), other))),
            (other, Value::Nodes(nodes)) => Ok(self
                .texts(nodes)?
                .into_iter()
                .any(|text| self.compare_values(operator, other, &Value::Text(text)))),
            _ => Ok(self.compare_values(operator, left, right)),
        }
    }

    fn texts(&self, nodes: &[Node]) -> Result<Vec<String>, Fault> {
        nodes
            .iter()
            .map(|&node| {
                let text = string_value(self.document, node);
                self.spend(1 + text.len() as u64 / 64)?;
                Ok(text)
            })
            .collect()
    }

    /// Two values that are no nodes.
    fn compare_values(&self, operator: Operator, left: &Value, right: &Value) -> bool {
        let numbers =
            || compare_numbers(operator, left.to_number(self.document), right.to_number(self.document));
        if !matches!(operator, Operator::Equal | Operator::NotEqual) {
            return numbers();
        }
        match (left, right) {
            (Value::Boolean(_), _) | (_, Value::Boolean(_)) => {
                (left.to_boolean() == right.to_boolean()) == (operator == Operator::Equal)
            }
            (Value::Number(_), _) | (_, Value::Number(_)) => numbers(),
            _ => compare_texts(operator, &left.to_text(self.document), &right.to_text(self.document)),
        }
    }

    fn step(&self, from: &[Node], step: &Step) -> Result<Vec<Node>, Fault> {
        let namespace = match &step.test {
            Test::Name(Some(prefix), _) | Test::Namespace(prefix) => Some(self.prefix(prefix)?),
            _ => None,
        };
        let mut result = Vec::new();
        for &node in from {
            let mut taken = Vec::new();
            walk(self.document, step.axis, node, &mut |candidate| {
                self.spend(1)?;
                if self.fits(candidate, step.axis, &step.test, namespace) {
                    taken.push(candidate);
                }
                Ok(())
            })?;
            for predicate in &step.predicates {
                taken = self.filter(taken, predicate)?;
            }
            result.append(&mut taken);
        }
        sort(&mut result);
        Ok(result)
    }

    /// The nodes for which a predicate holds; a number is a position.
    fn filter(&self, nodes: Vec<Node>, predicate: &Expression) -> Result<Vec<Node>, Fault> {
        let size = nodes.len();
        let mut kept = Vec::new();
        for (at, node) in nodes.into_iter().enumerate() {
            let value = self.evaluate(predicate, Context { node, position: at + 1, size })?;
            let holds = match value {
                #[expect(
                    clippy::float_cmp,
                    reason = "a position is a whole number, and XPath compares exactly"
                )]
                Value::Number(number) => number == count(at + 1),
                other => other.to_boolean(),
            };
            if holds {
                kept.push(node);
            }
        }
        Ok(kept)
    }

    fn fits(&self, node: Node, axis: Axis, test: &Test, namespace: Option<&str>) -> bool {
        // Names are about what an axis is made of: attributes on one, elements on all others.
        let principal = if axis == Axis::Attribute {
            attribute(self.document, node).map(|attribute| attribute.name.as_str())
        } else {
            element(self.document, node).map(Element::name)
        };
        let local = || principal.map(|name| name.rsplit_once(':').map_or(name, |(_, local)| local));
        let kind = || match node {
            Node::Tree(id) => Some(self.document.node_kind(id)),
            _ => None,
        };
        match test {
            Test::Node => true,
            Test::Any => principal.is_some(),
            Test::Namespace(_) => principal.is_some() && self.namespace(node) == namespace,
            Test::Name(_, name) => local() == Some(name) && self.namespace(node) == namespace,
            Test::Text => matches!(kind(), Some(NodeKind::Text(_) | NodeKind::CData(_))),
            Test::Comment => matches!(kind(), Some(NodeKind::Comment(_))),
            Test::Instruction(target) => match kind() {
                Some(NodeKind::Other(source)) => instruction(source)
                    .is_some_and(|(own, _)| target.as_deref().is_none_or(|target| target == own)),
                _ => false,
            },
        }
    }

    /// The namespace that a prefix of the expression stands for.
    fn prefix(&self, prefix: &str) -> Result<&'d str, Fault> {
        if prefix == "xml" {
            return Ok("http://www.w3.org/XML/1998/namespace");
        }
        let prefixes = self.prefixes.get_or_init(|| {
            let mut prefixes = HashMap::new();
            for element in self.document.root().descendants() {
                for attribute in element.attributes() {
                    if let Some(prefix) = attribute.name.strip_prefix("xmlns:") {
                        prefixes.entry(prefix).or_insert(attribute.value.as_str());
                    }
                }
            }
            prefixes
        });
        prefixes.get(prefix).copied().ok_or_else(|| Fault::Prefix(prefix.to_owned()))
    }

    /// The namespace of an element or attribute; None when it is in none.
    pub(super) fn namespace(&self, node: Node) -> Option<&'d str> {
        let (name, owner) = match node {
            Node::Attribute(id, index) => {
                let owner = self.document.element(id)?;
                let name = owner.attributes().get(index)?.name.as_str();
                // A default namespace is not for attributes.
                (name.contains(':').then_some(name)?, owner)
            }
            Node::Tree(id) => {
                let owner = self.document.element(id)?;
                (owner.name(), owner)
            }
            Node::Root => return None,
        };
        let prefix = name.split_once(':').map(|(prefix, _)| prefix);
        if prefix == Some("xml") {
            return Some("http://www.w3.org/XML/1998/namespace");
        }
        if !self.namespaces {
            return None;
        }
        let declares = |name: &str| match prefix {
            Some(prefix) => name.strip_prefix("xmlns:") == Some(prefix),
            None => name == "xmlns",
        };
        let mut around = Some(owner);
        while let Some(element) = around {
            if let Some(found) = element.attributes().iter().find(|attribute| declares(&attribute.name)) {
                return Some(found.value.as_str()).filter(|uri| !uri.is_empty());
            }
            around = element.parent();
        }
        None
    }
}

fn compare_texts(operator: Operator, left: &str, right: &str) -> bool {
    match operator {
        Operator::Equal => left == right,
        Operator::NotEqual => left != right,
        _ => compare_numbers(operator, number_of(left), number_of(right)),
    }
}

#[expect(clippy::float_cmp, reason = "XPath compares numbers exactly")]
fn compare_numbers(operator: Operator, left: f64, right: f64) -> bool {
    match operator {
        Operator::Equal => left == right,
        Operator::NotEqual => left != right,
        Operator::Less => left < right,
        Operator::LessOrEqual => left <= right,
        Operator::Greater => left > right,
        Operator::GreaterOrEqual => left >= right,
        _ => false,
    }
}

/// Document order, each node once.
fn sort(nodes: &mut Vec<Node>) {
    if !nodes.is_sorted_by(|left, right| left.order() < right.order()) {
        nodes.sort_unstable_by_key(|node| node.order());
        nodes.dedup();
    }
}
