//! What is valid in a spec and may still surprise: variables of a service that replace those that scalectl sets.
//!
//! What a rule refuses is in `rules`; what has no effect at a stage is in `normalized`.

use super::{Service, Spec, stores};

/// Where the database and its replicas are, and who connects.
const DATABASE: [&str; 9] = [
    "DATABASE_URL",
    "DATABASE_HOST",
    "DATABASE_PORT",
    "DATABASE_NAME",
    "DATABASE_USER",
    "DATABASE_PASSWORD",
    "DATABASE_READER_URL",
    "DATABASE_READER_HOST",
    "DATABASE_READER_HOSTS",
];

/// Where the cache is, and the queue of a write-back cache.
const CACHE: [&str; 7] = [
    "CACHE_URL",
    "CACHE_NODES",
    "CACHE_HOST",
    "CACHE_PORT",
    "CACHE_READER_HOST",
    "CACHE_READER_PORT",
    "CACHE_QUEUE_URL",
];

impl Spec {
    /// What the author should know although the spec is valid, in words, without a full stop.
    pub fn notes(&self) -> Vec<String> {
        let services = self.services.iter();
        services
            .flat_map(|(name, service)| {
                let own = service.env.keys().map(|key| ("env", key));
                own.chain(service.secrets.keys().map(|key| ("secrets", key)))
                    .filter_map(move |(section, key)| {
                        let (source, moves) = self.source(service, key)?;
                        Some(format!(
                            "services.{name}.{section}.{key} replaces the value from `{source}` and does not follow \
                             {moves}; remove it, or rename it if the service connects to something else"
                        ))
                    })
            })
            .collect()
    }

    /// The section that a variable's value would come from if the service did not set it, and what changes that value.
    fn source(&self, service: &Service, variable: &str) -> Option<(String, &'static str)> {
        if self.database.is_some() && DATABASE.contains(&variable) {
            return Some(("database".to_owned(), "a migration or a failover"));
        }
        if self.cache.is_some() && CACHE.contains(&variable) {
            return Some(("cache".to_owned(), "the cache to another stage or node"));
        }
        let store = service.stores.iter().find(|store| {
            let prefix = format!("STORE_{}_", stores::variable(store));
            variable.starts_with(&prefix)
        })?;
        Some((format!("stores.{store}"), "the store"))
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::load;

    const APP: &str = "app: shop\nstage: single-server\ndatabase: {engine: postgres}\ncache: {engine: valkey}\n\
                       stores: {carts: {type: key-value}}\nservices:\n  web:\n    image: ghcr.io/acme/shop:1\n    stores: [carts]\n";

    fn notes(more: &str) -> Vec<String> {
        let text = format!("{APP}{more}");
        load("scalectl.yaml", &text, None, None)
            .unwrap_or_else(|e| panic!("{more}: {e:#?}"))
            .notes()
    }

    #[test]
    fn a_variable_that_replaces_where_the_data_is_gets_a_note() {
        let cases = [
            (
                "env: {DATABASE_URL: postgresql://elsewhere/shop}",
                "services.web.env.DATABASE_URL",
                "`database`",
            ),
            (
                "env: {DATABASE_HOST: elsewhere}",
                "services.web.env.DATABASE_HOST",
                "`database`",
            ),
            (
                "secrets: {DATABASE_URL: shop/url}",
                "services.web.secrets.DATABASE_URL",
                "`database`",
            ),
            (
                "env: {CACHE_HOST: elsewhere}",
                "services.web.env.CACHE_HOST",
                "`cache`",
            ),
            (
                "env: {STORE_CARTS_TABLE: other}",
                "services.web.env.STORE_CARTS_TABLE",
                "`stores.carts`",
            ),
        ];
        for (more, place, source) in cases {
            let notes = notes(&format!("    {more}\n"));
            assert_eq!(notes.len(), 1, "{more}: {notes:?}");
            assert!(
                notes[0].starts_with(place) && notes[0].contains(source),
                "{notes:?}"
            );
        }
    }

    #[test]
    fn other_variables_get_none() {
        let own = "    env: {DATABASE_POOL: '5', STORE_CART: a, CACHE_TTL: '60', PORT: '8080', LOG_LEVEL: info}\n";
        assert_eq!(notes(own), Vec::<String>::new());
        let text = "app: shop\nstage: single-server\nservices: {web: {image: 'a/b:1', env: {DATABASE_URL: 'postgresql://x/y', CACHE_URL: 'redis://x'}}}\n";
        let spec = load("scalectl.yaml", text, None, None).unwrap();
        assert_eq!(spec.notes(), Vec::<String>::new());
    }
}
