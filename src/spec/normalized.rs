//! The spec as blueprints see it, and what of it takes no effect yet.

use super::cache::{default_node, two};
use super::{
    Balance, Cache, CacheEngine, CacheStrategy, Capacity, Cdn, Domain, DomainDetails, Region,
    Routing, Scale, Service, Spec, Stage, Store, rules, stores,
};
use crate::value::{Map, Value};

impl Spec {
    /// The sections that were written but do not take effect at this stage, in words.
    pub fn not_yet(&self) -> Vec<String> {
        let mut later = Vec::new();
        let mut say = |applies: bool, section: &str, from: Stage| {
            if applies && self.stage < from {
                later.push(format!("{section} takes effect from {} on", from.name()));
            }
        };
        let replicas = self
            .database
            .as_ref()
            .is_some_and(|database| database.replicas > 0);
        say(replicas, "database.replicas", Stage::LoadBalanced);
        let named = self
            .database
            .as_ref()
            .is_some_and(|database| database.username.is_some());
        say(named, "database.username", Stage::SplitDb);
        let reads = self.database.as_ref().and_then(|database| database.reads);
        say(reads.is_some(), "database.reads", Stage::LoadBalanced);
        say(self.cdn != Cdn::default(), "cdn", Stage::Cdn);
        say(
            self.regions.len() > 1,
            "more than one region",
            Stage::MultiRegion,
        );
        let scaled = self
            .services
            .values()
            .any(|service| service.scale != Scale::default());
        say(scaled, "services.*.scale", Stage::LoadBalanced);
        let balanced = self
            .services
            .values()
            .any(|service| service.balance != Balance::default());
        say(balanced, "services.*.balance", Stage::LoadBalanced);
        let instances: std::collections::BTreeSet<&str> = self
            .services
            .values()
            .map(|service| service.instance.as_str())
            .collect();
        say(
            instances.len() > 1,
            "an instance type of its own for each service",
            Stage::LoadBalanced,
        );
        let sized = self
            .cache
            .as_ref()
            .is_some_and(|cache| cache.node != default_node() || cache.nodes != two());
        say(sized, "the size of the cache", Stage::LoadBalanced);
        let serverless = self.cache.as_ref().and_then(Cache::limits).is_some();
        say(serverless, "cache.serverless", Stage::LoadBalanced);
        if self
            .database
            .as_ref()
            .is_some_and(|database| database.shards > 1)
        {
            later.push("database.shards does not take effect at any stage yet".to_owned());
        }
        later
    }

    /// The region whose database takes the writes.
    pub fn writer_region(&self) -> &str {
        let named = self.database.as_ref().and_then(|database| {
            let name = database.writer_region.as_deref()?;
            self.regions.iter().find(|region| region.name() == name)
        });
        named.or(self.regions.first()).map_or("", Region::name)
    }

    /// The spec as blueprints see it: every default filled in, short forms written out, and what
    /// follows from it (`env`, `prefix`, `primary`, `writer`, zones and addresses of each region).
    pub fn normalized(&self) -> Value {
        let json = serde_json::to_value(self).unwrap_or_default();
        let Value::Map(mut root) = Value::from(json) else {
            return Value::Null;
        };
        if let Some(Value::Map(services)) = root.get_mut("services") {
            for (name, service) in &self.services {
                if let Some(Value::Map(one)) = services.get_mut(name) {
                    of_service(self, name, service, one);
                }
            }
            by_type(self, &mut root);
        }
        if let Some(Value::Map(stores)) = root.get_mut("stores") {
            for (name, store) in &self.stores {
                if let Some(Value::Map(one)) = stores.get_mut(name) {
                    normalize(name, store, one);
                }
            }
        }
        if let Some(Value::Map(resources)) = root.get_mut("resources") {
            for name in self.resources.keys() {
                if let Some(Value::Map(one)) = resources.get_mut(name) {
                    // They are templates, and may hold secrets.
                    one.remove("properties");
                }
            }
        }
        if let (Some(Value::Map(map)), Some(cache)) = (root.get_mut("cache"), &self.cache) {
            of_cache(cache, map);
        }
        let regions: Vec<Value> = rules::regions(self)
            .into_iter()
            .enumerate()
            .map(|(index, region)| {
                object([
                    ("name", Value::str(region.name)),
                    ("index", Value::Int(index as i64)),
                    ("primary", Value::Bool(index == 0)),
                    (
                        "zones",
                        Value::list(region.zones.into_iter().map(Value::str)),
                    ),
                    ("cidr", Value::str(region.cidr)),
                    ("numbered", Value::Bool(region.is_numbered)),
                ])
            })
            .collect();
        root.insert("regions", Value::List(regions));
        root.insert(
            "primary",
            Value::str(self.regions.first().map_or("", Region::name)),
        );
        root.insert("writer", Value::str(self.writer_region()));
        let reads = self.database.as_ref();
        let reads = reads.is_none_or(|database| !database.without_readers);
        root.insert("reads_replicas", Value::Bool(reads));
        root.insert("env", Value::str(&*self.env));
        root.insert("prefix", Value::str(format!("{}-{}", self.app, self.env)));
        if let Some(Domain::Name(name)) = &self.domain {
            let details = DomainDetails {
                name: name.clone(),
                zone: None,
                routing: Routing::default(),
            };
            root.insert(
                "domain",
                Value::from(serde_json::to_value(details).unwrap_or_default()),
            );
        }
        if let Some(Value::Map(domain)) = root.get_mut("domain")
            && domain.get("zone") == Some(&Value::Null)
        {
            let name = domain.get("name").cloned().unwrap_or(Value::Null);
            domain.insert("zone", name);
        }
        if let Some(Value::Map(map)) = root.get_mut("maintenance") {
            let job = rules::backup_job(&self.maintenance);
            map.insert("backup_job", Value::str(job));
        }
        if let (Some(Value::Map(map)), Some(database)) = (root.get_mut("database"), &self.database)
        {
            database.complete(&self.app, self.stage, map);
        }
        Value::Map(root)
    }
}

/// What follows from a service's keys.
fn of_service(spec: &Spec, name: &str, service: &Service, one: &mut Map) {
    let processor = rules::processor(&service.instance);
    one.insert("processor", Value::str(processor));
    let login = spec.registry_of(service);
    let password = login.map(|(_, login)| &login.password);
    let access = service.secrets.values().chain(password).map(|secret| {
        let (action, resource) = rules::access(secret);
        object([
            ("action", Value::str(action)),
            ("resource", Value::str(resource)),
        ])
    });
    one.insert("secret_access", Value::list(access));
    let login = login.map_or(Value::Null, |(host, login)| {
        object([
            ("host", Value::str(host)),
            ("username", Value::str(&*login.username)),
            ("password", Value::str(&*login.password)),
        ])
    });
    one.insert("registry", login);
    one.insert("own_role", Value::Bool(service.has_own_role()));
    let queues: Map = rules::queue_variables(name, service)
        .map(|(variable, worker)| (variable.into(), Value::str(worker)))
        .collect();
    one.insert("queues", Value::Map(queues));
}

/// Adds the services by type, for what only one of them has: `web` and `workers`.
fn by_type(spec: &Spec, root: &mut Map) {
    let Some(Value::Map(services)) = root.get("services") else {
        return;
    };
    let of = |is_web: bool| -> Map {
        let named = spec
            .services
            .iter()
            .filter(|(_, one)| one.is_web() == is_web);
        named
            .filter_map(|(name, _)| Some((name.as_str().into(), services.get(name)?.clone())))
            .collect()
    };
    let (web, workers) = (of(true), of(false));
    root.insert("web", Value::Map(web));
    root.insert("workers", Value::Map(workers));
}

/// What follows from a cache: its eviction policy, its bounds where it is serverless, and whether writes wait in a queue.
fn of_cache(cache: &Cache, map: &mut Map) {
    let policy = cache
        .policy()
        .map_or(Value::Null, |one| Value::str(one.name()));
    map.insert("eviction", policy);
    let limits = cache.limits().map_or(Value::Null, |limits| {
        let number = |bound: Option<u32>| bound.map_or(Value::Null, |one| Value::Int(one.into()));
        object([
            ("max_gb", number(limits.max_gb)),
            ("max_ecpu", number(limits.max_ecpu)),
        ])
    });
    map.insert("serverless", limits);
    let is_queued = cache.strategy == CacheStrategy::WriteBack;
    map.insert("queued", Value::Bool(is_queued));
    let is_memcached = cache.engine == CacheEngine::Memcached;
    map.insert("memcached", Value::Bool(is_memcached));
}

/// What follows from a store: the types of all its keys, its part of variables' names, and its
/// provisioned capacity where it has one.
fn normalize(name: &str, store: &Store, map: &mut Map) {
    let keys = store.keys().into_iter();
    let types: Map = keys
        .map(|key| (key.into(), Value::str(store.type_of(key))))
        .collect();
    map.insert("attributes", Value::Map(types));
    let keys = [Some(&store.key), store.sort.as_ref()];
    let mut columns: Map = (keys.into_iter().flatten())
        .map(|key| (key.as_str().into(), Value::str("text")))
        .collect();
    for (column, kind) in &store.columns {
        columns.insert(column.as_str(), Value::str(kind.as_str()));
    }
    map.insert("columns", Value::Map(columns));
    map.insert("variable", Value::str(stores::variable(name)));
    if let Capacity::Mode(_) = store.capacity {
        map.insert("capacity", Value::Null);
    }
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(
        entries
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect::<Map>(),
    )
}
