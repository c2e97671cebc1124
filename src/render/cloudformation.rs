//! The desired graph as CloudFormation templates, one per region, so that other people's linters
//! and scanners can judge what the blueprints make.
//!
//! Global resources stand in the primary region's template. A value that another region's template
//! makes arrives as a parameter, because a stack cannot read another region's resources; that one
//! gives it as an output of the same name.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value as Json, json};

use crate::address::{Address, GLOBAL, of_account};
use crate::graph::{Graph, Resource};
use crate::schema::{KindSchema, Registry};
use crate::value::{Part, Reference, Value};

/// CloudFormation templates by region.
pub fn templates(graph: &Graph, primary: &str, title: &str) -> BTreeMap<String, Json> {
    let names = Names::of(graph, primary);
    let mut templates: BTreeMap<String, Template> = BTreeMap::new();
    for resource in graph.iter() {
        let region = home(&resource.address, primary);
        let template = templates.entry(region.to_owned()).or_default();
        let writer = Writer {
            graph,
            names: &names,
            region,
            primary,
        };
        let body = writer.resource(resource, &mut template.parameters);
        template
            .resources
            .insert(names.logical(&resource.address).to_owned(), body);
    }
    let mut outputs = outputs(graph, &names, primary, &templates);
    templates
        .into_iter()
        .map(|(region, template)| {
            let mut json = json!({
                "AWSTemplateFormatVersion": "2010-09-09",
                "Description": format!("{title} in {region}"),
                "Resources": template.resources,
            });
            if !template.parameters.is_empty() {
                let told = template.parameters.into_iter();
                json["Parameters"] = told.map(|(name, from)| (name, parameter(&from))).collect();
            }
            if let Some(outputs) = outputs.remove(&region) {
                json["Outputs"] = Json::Object(outputs);
            }
            (region, json)
        })
        .collect()
}

/// How a template asks for a value that another one gives.
fn parameter(from: &Reference) -> Json {
    json!({
        "Type": "String",
        "Description": format!("{} of {}, from that region's stack", from.path, from.address),
    })
}

/// What each region's template gives for the others' parameters.
fn outputs(
    graph: &Graph,
    names: &Names<'_>,
    primary: &str,
    templates: &BTreeMap<String, Template>,
) -> HashMap<String, serde_json::Map<String, Json>> {
    let mut outputs: HashMap<String, serde_json::Map<String, Json>> = HashMap::new();
    for (name, from) in templates.values().flat_map(|one| &one.parameters) {
        if graph.get(&from.address).is_none() {
            continue;
        }
        let region = home(&from.address, primary);
        let writer = Writer {
            graph,
            names,
            region,
            primary,
        };
        let value = match writer.target(from) {
            Target::Identifier => json!({ "Ref": names.logical(&from.address) }),
            _ => json!({ "Fn::GetAtt": [names.logical(&from.address), &*from.path] }),
        };
        let of_region = outputs.entry(region.to_owned()).or_default();
        of_region.insert(name.clone(), json!({ "Value": value }));
    }
    outputs
}

#[derive(Default)]
struct Template {
    /// What comes from other templates, by the parameter's name.
    parameters: BTreeMap<String, Reference>,
    resources: serde_json::Map<String, Json>,
}

/// The region whose template holds a resource.
fn home<'a>(address: &'a Address, primary: &'a str) -> &'a str {
    if &*address.region == GLOBAL {
        primary
    } else {
        &address.region
    }
}

/// `subnet_public[a]` as `SubnetPublicA`: CloudFormation's logical ids are letters and digits.
fn pascal(text: &str) -> String {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let (head, tail) = word.split_at(1);
            head.to_ascii_uppercase() + tail
        })
        .collect()
}

/// Logical ids: unique within a template, stable for an address.
struct Names<'a>(BTreeMap<&'a Address, String>);

impl<'a> Names<'a> {
    fn of(graph: &'a Graph, primary: &str) -> Self {
        let mut taken: HashSet<(&str, String)> = HashSet::new();
        let mut seen: HashMap<(&str, String), usize> = HashMap::new();
        let mut names = BTreeMap::new();
        for resource in graph.iter() {
            let address = &resource.address;
            let home = home(address, primary);
            let plain = match pascal(&format!(
                "{}_{}",
                address.id,
                address.key.as_deref().unwrap_or("")
            )) {
                empty if empty.is_empty() => "Resource".to_owned(),
                plain => plain,
            };
            // Another resource may have the name that a number makes: count on.
            let count = seen.entry((home, plain.clone())).or_default();
            let name = loop {
                *count += 1;
                let name = match *count {
                    1 => plain.clone(),
                    more => format!("{plain}{more}"),
                };
                if taken.insert((home, name.clone())) {
                    break name;
                }
            };
            names.insert(address, name);
        }
        Self(names)
    }

    fn logical(&self, address: &Address) -> &str {
        self.0.get(address).map_or("Unknown", String::as_str)
    }
}

/// What a reference leads to.
enum Target<'a> {
    /// A property that the blueprint sets; CloudFormation has no function that reads those back.
    Given(&'a Value),
    /// The identifier, which `Ref` gives.
    Identifier,
    /// An attribute, which `Fn::GetAtt` gives.
    Attribute,
    /// Something in another region's stack.
    Foreign,
    /// The account's number, a pseudo parameter.
    Account,
}

/// The pseudo parameter that is the account's number
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>).
const ACCOUNT: &str = "AWS::AccountId";

struct Writer<'a> {
    graph: &'a Graph,
    names: &'a Names<'a>,
    region: &'a str,
    primary: &'a str,
}

impl Writer<'_> {
    fn resource(&self, resource: &Resource, parameters: &mut BTreeMap<String, Reference>) -> Json {
        let mut body = json!({ "Type": &*resource.kind });
        if !resource.properties.is_empty() {
            body["Properties"] = resource
                .properties
                .iter()
                .map(|(name, value)| (name.to_string(), self.value(value, parameters)))
                .collect::<serde_json::Map<_, _>>()
                .into();
        }
        let after: Vec<&str> = resource
            .after
            .iter()
            .filter(|needed| home(needed, self.primary) == self.region)
            .map(|needed| self.names.logical(needed))
            .collect();
        if !after.is_empty() {
            body["DependsOn"] = json!(after);
        }
        if resource.lifecycle.protect {
            body["DeletionPolicy"] = json!("Retain");
            body["UpdateReplacePolicy"] = json!("Retain");
        }
        body
    }

    fn value(&self, value: &Value, parameters: &mut BTreeMap<String, Reference>) -> Json {
        match value {
            Value::Reference(reference) => match self.target(reference) {
                Target::Given(value) => self.value(value, parameters),
                Target::Identifier => json!({ "Ref": self.names.logical(&reference.address) }),
                Target::Attribute => {
                    json!({ "Fn::GetAtt": [self.names.logical(&reference.address), &*reference.path] })
                }
                Target::Foreign => json!({ "Ref": self.parameter(reference, parameters) }),
                Target::Account => json!({ "Ref": ACCOUNT }),
            },
            Value::Text(_) => {
                let value = value.resolve(&|reference| match self.target(reference) {
                    Target::Given(value) => Some(value.clone()),
                    _ => None,
                });
                let Value::Text(parts) = value else {
                    return self.value(&value, parameters);
                };
                let mut text = String::new();
                for part in parts.iter() {
                    match part {
                        // Fn::Sub reads `${!Name}` as the literal `${Name}`.
                        Part::Literal(literal) => text.push_str(&literal.replace("${", "${!")),
                        Part::Reference(reference) => {
                            let name = match self.target(reference) {
                                Target::Foreign => self.parameter(reference, parameters),
                                Target::Account => ACCOUNT.to_owned(),
                                Target::Identifier => {
                                    self.names.logical(&reference.address).to_owned()
                                }
                                Target::Given(_) | Target::Attribute => format!(
                                    "{}.{}",
                                    self.names.logical(&reference.address),
                                    reference.path
                                ),
                            };
                            text.push_str(&format!("${{{name}}}"));
                        }
                    }
                }
                json!({ "Fn::Sub": text })
            }
            Value::Base64(inner) => json!({ "Fn::Base64": self.value(inner, parameters) }),
            Value::List(items) => items
                .iter()
                .map(|item| self.value(item, parameters))
                .collect(),
            Value::Map(map) => map
                .iter()
                .map(|(key, value)| (key.to_string(), self.value(value, parameters)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            plain => Json::from(plain),
        }
    }

    /// How CloudFormation would name what a reference names.
    fn target(&self, reference: &Reference) -> Target<'_> {
        if reference.address == of_account() {
            return Target::Account;
        }
        let resource = self.graph.get(&reference.address);
        if let Some(value) = resource.and_then(|resource| resource.property(&reference.path)) {
            return Target::Given(value);
        }
        if home(&reference.address, self.primary) != self.region {
            return Target::Foreign;
        }
        let identifier = resource
            .and_then(|resource| Registry::embedded().kind(&resource.kind))
            .map(KindSchema::primary_identifier);
        match identifier {
            Some([only]) if *only == reference.path => Target::Identifier,
            _ => Target::Attribute,
        }
    }

    /// The parameter that brings a value from another region's template.
    fn parameter(
        &self,
        reference: &Reference,
        parameters: &mut BTreeMap<String, Reference>,
    ) -> String {
        let name = pascal(&format!("{}_{}", reference.address, reference.path));
        parameters
            .entry(name.clone())
            .or_insert_with(|| reference.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::diagram::tests::{resource, small};
    use crate::value::TextBuilder;

    #[test]
    fn references_within_a_region_are_attributes() {
        let templates = templates(&small(), "us-east-1", "shop");
        assert_eq!(templates.keys().collect::<Vec<_>>(), ["us-east-1"]);
        let resources = &templates["us-east-1"]["Resources"];
        assert_eq!(
            resources["SubnetA"]["Properties"]["VpcId"],
            json!({"Ref": "Vpc"})
        );
        assert_eq!(resources["Record"]["Type"], "AWS::Route53::RecordSet");
    }

    #[test]
    fn references_to_another_region_are_parameters() {
        let graph: Graph = [
            resource("us-east-1/db", "AWS::RDS::DBInstance", "data", &[]),
            resource(
                "eu-west-1/replica",
                "AWS::RDS::DBInstance",
                "data",
                &[("Source", "us-east-1/db", "DBInstanceArn")],
            ),
        ]
        .into_iter()
        .collect();
        let templates = templates(&graph, "us-east-1", "shop");
        let replica = &templates["eu-west-1"];
        assert_eq!(
            replica["Resources"]["Replica"]["Properties"]["Source"],
            json!({"Ref": "UsEast1DbDBInstanceArn"})
        );
        assert_eq!(
            replica["Parameters"]["UsEast1DbDBInstanceArn"]["Type"],
            "String"
        );
        assert_eq!(
            templates["us-east-1"]["Outputs"],
            json!({"UsEast1DbDBInstanceArn": {"Value": {"Fn::GetAtt": ["Db", "DBInstanceArn"]}}})
        );
        assert!(replica.get("Outputs").is_none());
    }

    #[test]
    fn a_dollar_brace_in_text_stays_what_it_is() {
        let mut graph = small();
        let mut text = TextBuilder::default();
        text.push_str("${HOME}/");
        let vpc = "us-east-1/vpc".parse().unwrap();
        text.push_reference(std::sync::Arc::new(Reference {
            address: vpc,
            path: "VpcId".into(),
        }));
        let server = "us-east-1/server".parse().unwrap();
        graph
            .resources
            .get_mut(&server)
            .unwrap()
            .properties
            .insert("UserData", text.finish());
        let templates = templates(&graph, "us-east-1", "shop");
        assert_eq!(
            templates["us-east-1"]["Resources"]["Server"]["Properties"]["UserData"],
            json!({"Fn::Sub": "${!HOME}/${Vpc}"})
        );
    }

    #[test]
    fn protected_resources_are_retained() {
        let mut graph = small();
        let vpc = "us-east-1/vpc".parse().unwrap();
        graph.resources.get_mut(&vpc).unwrap().lifecycle.protect = true;
        let templates = templates(&graph, "us-east-1", "shop");
        assert_eq!(
            templates["us-east-1"]["Resources"]["Vpc"]["DeletionPolicy"],
            "Retain"
        );
    }
}
