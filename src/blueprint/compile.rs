//! From a spec and a library to the desired graph.
//!
//! Lays modules out by region and evaluates each resource's properties, in any order: what exists was found before, on
//! first use (`shape`), and `tags` adds tags. Circles among the properties show in the finished graph, which has to have
//! an order; `whole` checks it as a whole.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::expression::Failure;
use super::library::Library;
use super::model::{Compose, Declaration, Module};
use super::parse::RESERVED;
use super::scope::{Inside, Plain};
use super::shape::{Lazy, Shape};
use super::template::Template;
use super::{own, tags, whole};
use crate::diagnostic::{Diagnostic, Location};
use crate::graph::{Graph, Numbering, Resource};
use crate::schema::{Registry, check_properties, nearest};
use crate::spec::Spec;
use crate::value::{Map, Value};

/// The resources that `spec` should have at its stage.
///
/// # Errors
/// Everything that is wrong with the blueprint for this spec, each with its place.
pub fn compile(library: &Library, spec: &Spec) -> Result<Graph, Vec<Diagnostic>> {
    let (written, stage) = (spec, spec.stage.name());
    let quoted = |mut errors: Vec<Diagnostic>| {
        library.quote(&mut errors);
        written.source.quote(&mut errors);
        errors
    };
    let own = own::modules(library, written).map_err(quoted)?;
    let mut spec = written.normalized();
    own::grant(written, &own, &mut spec).map_err(quoted)?;
    let spec = &spec;
    let Some(blueprint) = library.blueprint(stage) else {
        let known: Vec<&str> = library.stages().collect();
        return Err(vec![Diagnostic {
            severity: crate::diagnostic::Severity::Error,
            message: format!("there is no blueprint for the stage {stage:?}"),
            location: None,
            line: None,
            help: Some(format!("there are {}", known.join(", "))),
        }]);
    };
    let mut compiler = Compiler {
        library,
        spec,
        regions: spec
            .at("regions")
            .and_then(Value::as_list)
            .unwrap_or_default(),
        units: Vec::new(),
        places: HashMap::new(),
        owners: HashMap::new(),
    };
    compiler
        .lay_out(&blueprint.compose, &own)
        .and_then(|()| compiler.run())
        .and_then(|mut graph| {
            graph.numbering = numbering(spec);
            let mistakes = whole::mistakes(library, blueprint, written, &graph);
            if mistakes.is_empty() {
                Ok(graph)
            } else {
                Err(mistakes)
            }
        })
        .map_err(quoted)
}

/// The regions whose addresses follow from their order.
fn numbering(spec: &Value) -> Numbering {
    let regions = spec.at("regions").and_then(Value::as_list);
    let blocks = regions.into_iter().flatten().filter_map(|region| {
        let text = |key| region.at(key).and_then(Value::as_str);
        (region.at("numbered") == Some(&Value::Bool(true)))
            .then(|| Some((text("name")?.into(), text("cidr")?.parse().ok()?)))?
    });
    let base = spec.at("network.cidr").and_then(Value::as_str);
    Numbering {
        base: base.and_then(|base| base.parse().ok()).unwrap_or_default(),
        blocks: blocks.collect(),
    }
}

/// One module in one region.
pub(super) struct Unit<'a> {
    pub(super) module: &'a Module,
    pub(super) compose: &'a Compose,
    pub(super) region: &'a Value,
    pub(super) primary: bool,
    /// Whether it is a module of the spec's own resources.
    pub(super) own: bool,
    pub(super) inputs: Vec<Lazy<Value>>,
    pub(super) locals: Vec<Lazy<Value>>,
    pub(super) shapes: Vec<Lazy<Shape>>,
}

pub(super) struct Compiler<'a> {
    pub(super) library: &'a Library,
    pub(super) spec: &'a Value,
    pub(super) regions: &'a [Value],
    pub(super) units: Vec<Unit<'a>>,
    /// By id: the units that declare it, with the declaration's number.
    pub(super) places: HashMap<&'a str, Vec<(usize, usize)>>,
    /// By id: its kind.
    pub(super) owners: HashMap<&'a str, &'a Declaration>,
}

impl<'a> Compiler<'a> {
    fn lay_out(
        &mut self,
        composed: &'a [Compose],
        own: &'a [(Compose, Module)],
    ) -> Result<(), Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let library = self.library;
        let mut used: HashMap<&str, &Location> = HashMap::new();
        for compose in composed {
            let Some(module) = library.module(&compose.module) else {
                let message = format!("there is no module {:?}", compose.module);
                let error = Diagnostic::error(compose.location.clone(), message);
                errors.push(match nearest(&compose.module, library.module_names()) {
                    Some(near) => error.help(format!("did you mean {near}?")),
                    None => error,
                });
                continue;
            };
            if let Some(first) = used.insert(&module.name, &compose.location) {
                let message = format!("the module {} is used twice", module.name);
                errors.push(
                    Diagnostic::error(compose.location.clone(), message)
                        .help(format!("it stands at {first} already; its ids would clash")),
                );
                continue;
            }
            for (name, place, _) in &compose.with {
                if !module.inputs.iter().any(|(have, _)| have == name) {
                    let message = format!("the module {} has no input {name}", module.name);
                    let names = module.inputs.iter().map(|(name, _)| &**name);
                    let error = Diagnostic::error(place.clone(), message);
                    errors.push(match nearest(name, names) {
                        Some(near) => error.help(format!("did you mean {near}?")),
                        None => error,
                    });
                }
            }
            self.place(compose, module, false, &mut errors);
        }
        for (compose, module) in own {
            self.place(compose, module, true, &mut errors);
        }
        for (index, unit) in self.units.iter().enumerate() {
            for (number, declaration) in unit.module.resources.iter().enumerate() {
                self.places
                    .entry(&declaration.id)
                    .or_default()
                    .push((index, number));
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }

    /// Adds a module in each of its regions.
    fn place(
        &mut self,
        compose: &'a Compose,
        module: &'a Module,
        own: bool,
        errors: &mut Vec<Diagnostic>,
    ) {
        match self.regions_of(compose) {
            Ok(regions) => {
                for region in regions {
                    self.units.push(Unit {
                        module,
                        compose,
                        region,
                        primary: region.at("primary") == Some(&Value::Bool(true)),
                        own,
                        inputs: module.inputs.iter().map(|_| Lazy::default()).collect(),
                        locals: module.locals.iter().map(|_| Lazy::default()).collect(),
                        shapes: module.resources.iter().map(|_| Lazy::default()).collect(),
                    });
                }
            }
            Err(error) => errors.push(error),
        }
        for declaration in &module.resources {
            if let Some(other) = self.owners.insert(&declaration.id, declaration) {
                let message = format!("the id {} stands twice", declaration.id);
                errors.push(
                    Diagnostic::error(declaration.location.clone(), message)
                        .help(format!("it stands at {} already", other.location)),
                );
            }
        }
    }

    /// The regions in which a module stands; none when it is left out.
    fn regions_of(&self, compose: &Compose) -> Result<Vec<&'a Value>, Diagnostic> {
        let scope = Plain(self.spec);
        if let Some(when) = &compose.include_when {
            match when.evaluate(&scope)? {
                Value::Bool(true) => {}
                Value::Bool(false) => return Ok(Vec::new()),
                other => {
                    let message = format!("includeWhen is true or false, not `{other}`");
                    return Err(Diagnostic::error(compose.location.clone(), message));
                }
            }
        }
        let Some(for_each) = &compose.for_each else {
            return Ok(self.regions.first().into_iter().collect());
        };
        let wanted = for_each.evaluate(&scope)?;
        let wanted = wanted.as_list().unwrap_or_default();
        let known: Vec<&Value> = self
            .regions
            .iter()
            .filter(|region| wanted.contains(region))
            .collect();
        if known.len() != wanted.len() {
            let message = "forEach of a module is a list of the spec's regions";
            return Err(Diagnostic::error(compose.location.clone(), message)
                .help("write `forEach: ${spec.regions}`, filtered if need be"));
        }
        Ok(known)
    }

    fn run(&self) -> Result<Graph, Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let mut graph = Graph::default();
        for (index, unit) in self.units.iter().enumerate() {
            for (number, declaration) in unit.module.resources.iter().enumerate() {
                self.declare(index, number, declaration, &mut graph, &mut errors);
            }
        }
        if errors.is_empty() {
            whole::check_order(self.spec, &graph, &self.owners, &mut errors);
        }
        if errors.is_empty() {
            return Ok(graph);
        }
        errors.sort_by(|a, b| (&a.location, &a.message).cmp(&(&b.location, &b.message)));
        errors.dedup();
        Err(errors)
    }

    fn declare(
        &self,
        unit: usize,
        number: usize,
        declaration: &Declaration,
        graph: &mut Graph,
        errors: &mut Vec<Diagnostic>,
    ) {
        match self.shape(unit, number) {
            Err(failure) => errors.push(failure.at(&declaration.location)),
            Ok(Shape::Absent) => {}
            Ok(Shape::One(handle)) => {
                self.resource(unit, declaration, handle, None, graph, errors);
            }
            Ok(Shape::Many { handles, items }) => {
                let Value::Map(handles) = handles else { return };
                for (index, (key, value)) in items.iter().enumerate() {
                    let Some(handle) = handles.get(key) else {
                        continue;
                    };
                    let each: Map = [
                        (Arc::from("key"), Value::String(key.clone())),
                        (Arc::from("value"), value.clone()),
                        (Arc::from("index"), Value::Int(index as i64)),
                    ]
                    .into_iter()
                    .collect();
                    let each = Value::Map(each);
                    self.resource(unit, declaration, handle, Some(&each), graph, errors);
                }
            }
        }
    }

    fn resource(
        &self,
        unit: usize,
        declaration: &Declaration,
        handle: &Value,
        each: Option<&Value>,
        graph: &mut Graph,
        errors: &mut Vec<Diagnostic>,
    ) {
        let Value::Reference(handle) = handle else {
            return;
        };
        let address = handle.address.clone();
        let scope = Inside {
            compiler: self,
            unit,
            each,
        };
        let mut after = Vec::new();
        for (id, location) in &declaration.after {
            match self
                .lookup(unit, id)
                .map(|found| found.map(Cow::into_owned))
            {
                Ok(Some(Value::Reference(other))) => after.push(other.address.clone()),
                Ok(Some(Value::Map(many))) => {
                    for (_, other) in &many {
                        if let Value::Reference(other) = other {
                            after.push(other.address.clone());
                        }
                    }
                }
                // What is left out need not be waited for.
                Ok(Some(_)) => {}
                // A module that this blueprint does not use has it: left out too.
                Ok(None) if self.library.declares(id) => {}
                Ok(None) => {
                    let failure = self.no_variable(id);
                    errors.push(failure.at(location));
                }
                Err(failure) => errors.push(failure.at(location)),
            }
        }
        after.sort();
        // Property by property, so that every mistake is told and not only the first one.
        let before = errors.len();
        let mut properties = Map::new();
        if let Template::Map(entries) = &declaration.properties {
            for (name, value) in entries {
                match value.evaluate(&scope) {
                    Ok(Value::Null) => {}
                    Ok(value) => {
                        properties.insert(name.clone(), value);
                    }
                    Err(error) => errors.push(error),
                }
            }
        } else {
            let message = "properties are a mapping";
            errors.push(Diagnostic::error(declaration.location.clone(), message));
        }
        if errors.len() > before {
            return;
        }
        tags::add(self.spec, &declaration.kind, &address, &mut properties);
        let place = |path: &str| match &declaration.source {
            Some(source) => source.locate(path).clone(),
            None => declaration.location.clone(),
        };
        for (name, value) in &properties {
            value.for_each_reference(&mut |reference| {
                if reference.path.is_empty() {
                    let message = format!("{name} holds a whole resource, {}", reference.address);
                    errors.push(Diagnostic::error(place(name), message).help(format!(
                        "name one of its properties: `{}.PROPERTY`",
                        reference.address.id
                    )));
                }
            });
        }
        if let Some(schema) = Registry::embedded().kind(&declaration.kind) {
            for problem in check_properties(schema, &properties) {
                let message = format!("{address}: {}", problem.message);
                let mut error = Diagnostic::error(place(&problem.path), message);
                error.help = problem.help;
                errors.push(error);
            }
        }
        let resource = Resource {
            address: address.clone(),
            kind: declaration.kind.clone(),
            tier: declaration.tier.clone(),
            role: declaration.role,
            properties,
            after,
            lifecycle: declaration.lifecycle.clone(),
            ready_when: declaration.ready_when.clone(),
        };
        if graph.resources.insert(address.clone(), resource).is_some() {
            let message = format!("two resources have the address {address}");
            errors.push(Diagnostic::error(declaration.location.clone(), message));
        }
    }

    /// Whether a blueprint of another stage has this resource, for the spec's own resources, which exist at every stage.
    pub(super) fn is_elsewhere(&self, from: usize, id: &str) -> bool {
        self.units[from].own && self.library.declares(id)
    }

    pub(super) fn no_variable(&self, name: &str) -> Failure {
        let known = self.owners.keys().copied().chain(RESERVED.iter().copied());
        Failure {
            message: format!("there is no `{name}` here"),
            help: nearest(name, known).map(|near| format!("did you mean `{near}`?")),
        }
    }
}

/// A diagnostic from inside, as the failure of what needed it.
pub(super) fn told(diagnostic: Diagnostic) -> Failure {
    let place = diagnostic
        .location
        .map(|place| format!(" (at {place})"))
        .unwrap_or_default();
    Failure {
        message: format!("{}{place}", diagnostic.message),
        help: diagnostic.help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{self, Stage};

    /// The graph of an example at a stage.
    fn example(name: &str, stage: Stage) -> Result<Graph, Vec<Diagnostic>> {
        let path = format!(
            "{}/examples/{name}/scalectl.yaml",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(path).unwrap();
        let mut spec = spec::load("scalectl.yaml", &text, None, None).unwrap();
        spec.stage = stage;
        if stage == Stage::MultiRegion && spec.regions.len() == 1 {
            spec.regions
                .push(spec::Region::Name("eu-west-1".to_owned()));
        }
        compile(&Library::embedded()?, &spec)
    }

    #[test]
    fn every_example_compiles_at_every_stage() {
        for name in ["shop", "newsroom", "marketplace"] {
            for stage in Stage::ALL {
                if let Err(errors) = example(name, stage) {
                    let told: Vec<String> = errors
                        .iter()
                        .map(|e| {
                            format!(
                                "{}: {} {:?}",
                                e.location
                                    .as_ref()
                                    .map_or_else(String::new, ToString::to_string),
                                e.message,
                                e.help
                            )
                        })
                        .collect();
                    panic!("{name} at {}:\n{}", stage.name(), told.join("\n"));
                }
            }
        }
    }

    /// The graph of a module that stands alone, for a spec with two regions.
    fn compiled(module: &str) -> Result<Graph, Vec<Diagnostic>> {
        compiled_in("", module)
    }

    fn compiled_in(how: &str, module: &str) -> Result<Graph, Vec<Diagnostic>> {
        let blueprint = format!(
            "blueprint: single-server\ntitle: t\ndescription: d\ncompose:\n  - use: m\n{how}"
        );
        let module = format!("module: m\ndescription: d\n{module}");
        let files = [
            ("single-server.yaml", blueprint.as_str()),
            ("modules/m.yaml", module.as_str()),
        ];
        let text = "app: shop\nstage: single-server\nregions: [us-east-1, eu-west-1]\nservices: {web: {image: x}}\ntags: {team: web}\n";
        let spec = spec::load("scalectl.yaml", text, None, None).unwrap();
        compile(&Library::with(&files, &[])?, &spec)
    }

    fn told(result: Result<Graph, Vec<Diagnostic>>) -> String {
        let errors = result.unwrap_err();
        assert!(errors.iter().all(|e| e.line.is_some()), "{errors:#?}");
        errors
            .iter()
            .map(|e| format!("{} {}\n", e.location.as_ref().unwrap(), e.message))
            .collect()
    }

    fn property(graph: &Graph, address: &str, path: &str) -> String {
        let resource = graph.get(&address.parse().unwrap()).unwrap();
        resource
            .property(path)
            .map_or("(none)".to_owned(), ToString::to_string)
    }

    const PARAMETER: &str =
        "resources:\n  - id: p\n    kind: AWS::SSM::Parameter\n    tier: compute\n";

    #[test]
    fn an_expression_alone_keeps_its_type_and_null_is_left_out() {
        let module = format!(
            "{PARAMETER}    properties: {{Name: \"n-${{1 + 1}}\", Type: String, Value: \"$${{HOME}}\", Tier: \"${{null}}\"}}\n"
        );
        let graph = compiled(&module).unwrap();
        let at = |path| property(&graph, "us-east-1/p", path);
        assert_eq!(
            (at("Name"), at("Value"), at("Tier")),
            ("n-2".into(), "${HOME}".into(), "(none)".into())
        );
        assert_eq!(at("Tags"), "{Name: \"shop-default-p\", team: \"web\"}");
    }

    #[test]
    fn a_loop_makes_one_for_each_key_and_others_reach_them_by_key() {
        let module = "resources:\n  - {id: vpc, kind: AWS::EC2::VPC, tier: network, properties: {CidrBlock: 10.0.0.0/16}}\n  - id: subnet\n    kind: AWS::EC2::Subnet\n    tier: network\n    forEach: \"${['a', 'b']}\"\n    properties: {VpcId: \"${vpc.VpcId}\", CidrBlock: \"${cidrsubnet('10.0.0.0/16', 8, each.index)}\"}\n  - id: group\n    kind: AWS::RDS::DBSubnetGroup\n    tier: data\n    properties: {DBSubnetGroupDescription: \"${subnet['b'].SubnetId}\", SubnetIds: \"${values(subnet).map(s, s.SubnetId)}\"}\n";
        let graph = compiled(module).unwrap();
        assert_eq!(
            property(&graph, "us-east-1/subnet[b]", "CidrBlock"),
            "10.0.1.0/24"
        );
        assert_eq!(
            property(&graph, "us-east-1/group", "SubnetIds"),
            "[${us-east-1/subnet[a].SubnetId}, ${us-east-1/subnet[b].SubnetId}]"
        );
        let group = graph.get(&"us-east-1/group".parse().unwrap()).unwrap();
        assert_eq!(group.dependencies().len(), 2);
    }

    #[test]
    fn what_does_not_exist_is_null_and_others_decide_by_that() {
        let module = "resources:\n  - {id: vpc, kind: AWS::EC2::VPC, tier: network, includeWhen: \"${spec.database != null}\", properties: {CidrBlock: 10.0.0.0/16}}\n  - {id: p, kind: AWS::SSM::Parameter, tier: compute, properties: {Name: n, Type: String, Value: \"${vpc == null ? 'none' : vpc.VpcId}\"}}\n";
        let graph = compiled(module).unwrap();
        assert_eq!(
            (graph.len(), property(&graph, "us-east-1/p", "Value")),
            (1, "none".into())
        );
    }

    #[test]
    fn a_module_in_two_regions_keeps_the_primary_ones_addresses() {
        let module = "resources:\n  - {id: role, kind: AWS::IAM::Role, tier: security, properties: {AssumeRolePolicyDocument: {}}}\n  - {id: p, kind: AWS::SSM::Parameter, tier: compute, properties: {Name: n, Type: String, Value: \"${regions['us-east-1'].role.Arn} ${role.Arn}\"}}\n";
        let graph = compiled_in("    forEach: ${spec.regions}\n", module).unwrap();
        let addresses: Vec<String> = graph.resources.keys().map(ToString::to_string).collect();
        assert_eq!(
            addresses,
            [
                "eu-west-1/p",
                "global/role",
                "global/role[eu-west-1]",
                "us-east-1/p"
            ]
        );
        assert_eq!(
            property(&graph, "eu-west-1/p", "Value"),
            "${global/role.Arn} ${global/role[eu-west-1].Arn}"
        );
    }

    #[test]
    fn what_only_the_cloud_knows_cannot_be_inspected() {
        let module = "resources:\n  - {id: vpc, kind: AWS::EC2::VPC, tier: network, properties: {CidrBlock: 10.0.0.0/16}}\n  - {id: p, kind: AWS::SSM::Parameter, tier: compute, properties: {Name: n, Type: String, Value: \"${vpc.VpcId == 'x' ? 'a' : 'b'}\"}}\n";
        assert!(
            told(compiled(module)).contains("${us-east-1/vpc.VpcId} is only known after apply")
        );
    }

    #[test]
    fn every_mistake_is_told_at_its_place() {
        let module = "resources:\n  - {id: vpc, kind: AWS::EC2::VPC, tier: network, properties: {CidrBlock: \"${spec.netwrk.cidr}\"}}\n  - {id: p, kind: AWS::SSM::Parameter, tier: compute, after: [vcp], properties: {Name: n, Type: String, Value: \"${vpc.VpcIdd}\"}}\n  - {id: q, kind: AWS::SSM::Parameter, tier: compute, forEach: \"${['a', 'a']}\", properties: {Name: \"${igw.Id}\", Type: String, Value: x}}\n";
        insta::assert_snapshot!(told(compiled(module)));
    }

    #[test]
    fn a_local_that_needs_itself_is_told() {
        let module = format!(
            "locals: {{a: \"${{locals.b}}\", b: \"${{locals.a}}\"}}\n{PARAMETER}    properties: {{Name: n, Type: String, Value: \"${{locals.a}}\"}}\n"
        );
        assert!(told(compiled(&module)).contains("depends on itself"));
    }

    #[test]
    fn an_input_without_a_default_must_be_given_and_a_wrong_one_is_told() {
        let module = format!(
            "inputs: {{size: {{description: d}}}}\n{PARAMETER}    properties: {{Name: n, Type: String, Value: \"${{string(inputs.size)}}\"}}\n"
        );
        let graph = compiled_in("    with: {size: 3}\n", &module).unwrap();
        assert_eq!(property(&graph, "us-east-1/p", "Value"), "3");
        assert!(told(compiled_in("    with: {sizes: 3}\n", &module)).contains("no input sizes"));
        assert!(told(compiled(&module)).contains("size"));
    }
}
