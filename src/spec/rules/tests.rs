//! One spec for each rule that breaks it and nothing else, and what blueprints make of specs at the limits.
//!
//! Long because its table has every rule once, with the lines that break it.

use crate::blueprint::{Library, compile};
use crate::spec::{Stage, load};
use crate::value::Value;

/// The messages about a spec at the stage that has most, each with its line; `lines` take the place of sections of the
/// same name.
pub(super) fn told(lines: &str) -> Vec<String> {
    let mut text = String::new();
    for (section, plain) in [
        ("app:", "app: shop"),
        ("stage:", "stage: cdn"),
        ("domain:", "domain: shop.example.com"),
        ("services:", "services: {web: {image: x}}"),
    ] {
        if !lines.lines().any(|line| line.starts_with(section)) {
            text.push_str(plain);
            text.push('\n');
        }
    }
    text.push_str(lines);
    match load("scalectl.yaml", &text, None, None) {
        Ok(_) => Vec::new(),
        Err(found) => found
            .into_iter()
            .map(|one| {
                let line = one.location.map_or(0, |place| place.line);
                let quoted = text
                    .lines()
                    .nth(line.saturating_sub(1) as usize)
                    .unwrap_or_default();
                format!(
                    "{} | {} | {quoted}",
                    one.message,
                    one.help.unwrap_or_default()
                )
            })
            .collect(),
    }
}

#[test]
fn a_broken_rule_is_reported_at_its_line() {
    let long = "x".repeat(4200);
    let named = |count: usize, project: &str| -> String {
        let index = |number: usize| format!("by_{number}: {{key: k{number}, project: {project}}}");
        let all: Vec<String> = (0..count).map(index).collect();
        format!(
            "stores: {{a: {{type: key-value, indexes: {{{}}}}}}}",
            all.join(", ")
        )
    };
    let many_indexes = named(21, "all");
    let six: Vec<String> = (0..6).map(|number| format!("p{number}")).collect();
    let wide_indexes = named(20, &format!("[{}]", six.join(", ")));
    let mut wrong = Vec::new();
    for (spec, words) in [
        // Names of apps and environments.
        (
            "app: awsome",
            &["cannot be the app's name", "begin with aws", "app: awsome"][..],
        ),
        ("app: ssm-tool", &["cannot be the app's name"]),
        ("app: a--b", &["two hyphens in a row"]),
        (
            "environments:\n  Staging: {domain: x.example.com}",
            &["\"Staging\" cannot be an environment's name"],
        ),
        (
            "environments:\n  default: {domain: x.example.com}",
            &[
                "\"default\" cannot be an environment's name",
                "top level",
                "  default:",
            ],
        ),
        (
            "tags: {a: \"\"}",
            &["the tag a has no value", "give it one", "tags: {a"],
        ),
        (
            "services:\n  api: {image: x, balance: {weight: 0}}\n  web: {image: x, balance: {weight: 0}}",
            &["has the weight 0", "1 or more", "  api:"],
        ),
        (
            "environments:\n  feature/x: {domain: x.example.com}",
            &["cannot be an environment's name"],
        ),
        (
            "environments:\n  a--b: {domain: x.example.com}",
            &["cannot be an environment's name"],
        ),
        (
            "environments:\n  a-very-long-name-of-a-branch: {domain: x.example.com}",
            &["characters together"],
        ),
        // Domains.
        (
            "environments:\n  staging: {tags: {a: b}}",
            &["has the name shop.example.com", "staging.shop.example.com"],
        ),
        (
            "environments:\n  a: {domain: a.example.com}\n  b:\n    domain: a.example.com",
            &[
                "the environment b has the name a.example.com, as the environment a has",
                "    domain: a.example.com",
            ],
        ),
        (
            "domain: {name: shop.example.com, zone: example.com}\nservices: {web: {image: x, hosts: [api.example.com]}}\n\
             environments:\n  a: {domain: {name: a.example.com}}",
            &[
                "the environment a has the name api.example.com",
                "hosts of its own",
            ],
        ),
        (
            "domain: Shop.example.com",
            &["capital letters", "write \"shop.example.com\""],
        ),
        (
            "domain: {name: shop.example.com, zone: example.com.}",
            &["ends with a dot", "write \"example.com\""],
        ),
        (
            "domain: a-name-that-is-longer-than-a-certificate-can-carry.shop.example.com",
            &["a certificate's name has 64"],
        ),
        (
            "services: {web: {image: x, hosts: [Api.shop.example.com]}}",
            &["is not a host name", "capital letters"],
        ),
        (
            "services: {web: {image: x, hosts: [origin.shop.example.com]}}",
            &["under which CloudFront"],
        ),
        // Regions and zones.
        (
            "regions: [eu-west-9]",
            &["AWS has no region eu-west-9", "did you mean eu-west-"],
        ),
        (
            "regions: [{name: us-east-1, zones: [us-east-1a, b]}]",
            &["not the letter of a zone", "write a"],
        ),
        (
            "regions: [{name: us-east-1, zones: [A, b]}]",
            &["not the letter of a zone", "write a"],
        ),
        (
            "regions: [{name: us-east-1, zones: [a, use1-az3]}]",
            &["a zone's id"],
        ),
        (
            "regions: [{name: us-east-1, zones: [a, z]}]",
            &["us-east-1 has no zone z"],
        ),
        (
            "regions: [{name: eu-west-1, zones: [a, d]}]",
            &["eu-west-1 has no zone d"],
        ),
        (
            "regions: [{name: us-east-1, zones: [a, a, b]}]",
            &["hold a twice"],
        ),
        // Stores.
        (
            "stores: {Sessions: {type: key-value}}",
            &["\"Sessions\" cannot be a store's name", "stores: {Sessions"],
        ),
        (
            "services: {web: {image: x, stores: [session]}}\nstores: {sessions: {type: key-value}}",
            &[
                "session is none of the spec's stores",
                "did you mean sessions?",
            ],
        ),
        (
            "services: {web: {image: x, stores: [carts]}}",
            &["carts is none of", "declare it"],
        ),
        (
            "services: {web: {image: x, stores: [a, a]}}\nstores: {a: {type: key-value}}",
            &["services.web.stores has a twice"],
        ),
        (
            "stores:\n  a:\n    type: key-value\n    sort: id",
            &[
                "id as its partition key and as its sort key",
                "    sort: id",
            ],
        ),
        (
            "stores: {a: {type: key-value, attributes: {at: number}}}",
            &["has at, which is no key", "may have any other attribute"],
        ),
        (
            "stores: {a: {type: key-value, indexes: {x: {key: b}}}}",
            &["\"x\" cannot be an index's name", "3 to 255"],
        ),
        (
            "stores: {a: {type: key-value, indexes: {by_b: {key: b, sort: b}}}}",
            &["b as its partition key and as its sort key"],
        ),
        (
            "stores: {a: {type: key-value, indexes: {by_b: {key: b, project: [c, id]}}}}",
            &["has id, which is a key"],
        ),
        (
            "stores: {a: {type: key-value, indexes: {by_b: {key: b, project: [c, c]}}}}",
            &["has c, which is there twice"],
        ),
        (
            &many_indexes,
            &["stores.a has 21 indexes; a table takes 20"],
        ),
        (
            &wide_indexes,
            &["project 120 attributes by name; a table takes 100"],
        ),
        (
            "stores: {a: {type: key-value, ttl: id}}",
            &["stores.a.ttl is id, a key of the table"],
        ),
        (
            "stores: {a: {type: key-value, ttl: at, indexes: {by_at: {key: b, sort: at}}}}",
            &[
                "a key of an index that is not a number",
                "attributes: {at: number}",
            ],
        ),
        (
            "stores: {a: {type: key-value, capacity: {read: {min: 9, max: 5}, write: {min: 1, max: 2}}}}",
            &["stores.a.capacity.read.min is greater than max"],
        ),
        (
            "stage: multi-region\nregions: [us-east-1, eu-west-1]\nstores: {a: {type: key-value, stream: keys-only}}",
            &["stream has to be new-and-old-images at stage multi-region"],
        ),
        (
            "stores:\n  a: {type: document}",
            &[
                "stores.a.type is not deployed by any stage",
                "  a: {type: document}",
            ],
        ),
        (
            "stores:\n  abc:\n    type: column\n    ttl: at",
            &["a column store has no ttl", "default_ttl", "    ttl: at"],
        ),
        (
            "stores: {abc: {type: key-value, columns: {at: int}}}",
            &["a key-value store has no columns"],
        ),
        (
            "stores: {abc: {type: column, sort: id}}",
            &["id as its partition key and as its sort key"],
        ),
        ("stores: {a: {type: column}}", &["\"a\" is too short"]),
        (
            "stores: {abc: {type: column, key: _x}}",
            &["\"_x\" cannot be the name of a column"],
        ),
        (
            "stores: {abc: {type: column, columns: {at: number}}}",
            &["\"number\" is not a type of CQL", "bigint"],
        ),
        (
            "stores: {abc: {type: column, columns: {id: list<int>}}}",
            &["id is a key, which cannot be a list<int>"],
        ),
        (
            "stores: {abc: {type: column, columns: {at: 'list<bogus>'}}}",
            &["\"bogus\" is not a type of CQL", "use one of ascii"],
        ),
        (
            "stores: {abc: {type: column, columns: {at: 'map<text>'}}}",
            &["\"map<text>\" is not a type of CQL", "map<text, int>"],
        ),
        (
            "stores: {abc: {type: column, columns: {at: 'frozen<>'}}}",
            &["\"frozen<>\" is not a type of CQL"],
        ),
        (
            "stores: {abc: {type: column, columns: {at: 'frozen<int>'}}}",
            &["freezes int"],
        ),
        (
            "stores: {abc: {type: column, columns: {at: 'list<counter>'}}}",
            &["\"counter\" is not a type of CQL"],
        ),
        (
            "stores: {abc: {type: column, columns: {at: 'set<int>>'}}}",
            &["\"int>\" is not a type"],
        ),
        (
            "stores: {abc: {type: column, columns: {at: 'tuple<int,>'}}}",
            &["\"tuple<int,>\" is not a type"],
        ),
        (
            "stores: {abc: {type: column, columns: {at: 'list<list<list<list<list<list<list<list<list<int>>>>>>>>>'}}}",
            &["nests more than 8"],
        ),
        (
            "stores: {abc: {type: column, columns: {id: counter}}}",
            &["id is a key, which cannot be a counter"],
        ),
        (
            "stores: {abc: {type: column, columns: {hits: counter, at: int}}}",
            &["has the counter hits beside at"],
        ),
        (
            "stores: {abc: {type: column, default_ttl: 60, columns: {hits: counter}}}",
            &["counters do not expire"],
        ),
        (
            "stage: multi-region\nregions: [us-east-1, eu-west-1]\nstores: {abc: {type: column}}",
            &["stage multi-region cannot have", "use `type: key-value`"],
        ),
        // Tags.
        ("tags: {team: \"R&D\"}", &["has the character '&'"]),
        ("tags: {\"a;b\": x}", &["has the character ';'"]),
        (
            "tags: {\"cost center\": x}",
            &["the name of the tag \"cost center\" has the character ' '"],
        ),
        ("tags: {\"a@b\": x}", &["has the character '@'"]),
        ("tags: {Größe: x}", &["has the character 'ö'"]),
        ("tags: {Team: a, team: b}", &["differ in capitals only"]),
        (
            "tags: {a: b, c: d, e: f, g: h, i: j, k: l}",
            &["there are 6 tags", "keep 5"],
        ),
        // Instances.
        (
            "services: {web: {image: x, instance: t4g.tiny}}",
            &["no instance type t4g.tiny", "t4g has nano"],
        ),
        (
            "services: {web: {image: x, instance: t3.smal}}",
            &["no instance type t3.smal", "did you mean t3.small?"],
        ),
        (
            "regions: [us-est-1]",
            &["AWS has no region us-est-1", "did you mean us-east-1?"],
        ),
        (
            "regions: [us-east-1, ap-southeast-7]\nservices: {web: {image: x, instance: m5zn.large}}",
            &[
                "ap-southeast-7, Asia Pacific (Thailand), does not offer m5zn.large",
                "ap-southeast-7 has m",
            ],
        ),
        (
            "regions: [us-east-1, ap-east-2]\ncache: {node: cache.m5.large}",
            &["ap-east-2, Asia Pacific (Taipei), does not offer cache.m5.large"],
        ),
        (
            "database: {engine: mysql, version: \"8.0\", class: db.m8a.large}",
            &["MySQL 8.0 does not run on db.m8a.large"],
        ),
        (
            "services: {web: {image: x, instance: mac2.metal}}",
            &["dedicated host"],
        ),
        (
            "services: {web: {image: x, instance: t2.micro}}",
            &["of a generation"],
        ),
        (
            "database: {engine: postgres, class: db.m7q.large}",
            &["no class db.m7q.large", "did you mean db.m7"],
        ),
        ("cache: {node: cache.m7g.tiny}", &["no node type"]),
        // Caches.
        (
            "cache: {engine: memcached, strategy: write-through}",
            &[
                "Memcached has no replicas",
                "strategy: write-through",
                "engine: valkey",
            ],
        ),
        (
            "database: {engine: postgres}\ncache: {engine: memcached, strategy: write-back}",
            &["Memcached has no persistence", "strategy: write-back"],
        ),
        (
            "cache: {nodes: 1, strategy: write-through}",
            &["write-through needs a replica", "nodes: 2"],
        ),
        (
            "cache: {strategy: write-back}",
            &["no database to write to"],
        ),
        (
            "cache: {serverless: true, eviction: noeviction}",
            &["chooses by itself", "remove eviction"],
        ),
        (
            "cache:\n  serverless: {max_gb: 2}\n  nodes: 2",
            &["a serverless cache has no nodes", "|   nodes: 2"],
        ),
        (
            "cache: {engine: memcached, eviction: volatile-ttl, ttl: 60}",
            &[
                "no eviction policy volatile-ttl",
                "allkeys-lru or noeviction",
            ],
        ),
        (
            "database: {engine: postgres}\ncache: {strategy: write-back, eviction: allkeys-lru}",
            &["not in the database yet", "volatile-lru with `ttl`"],
        ),
        (
            "cache: {eviction: volatile-lru}",
            &["only entries with a TTL", "set `ttl`"],
        ),
        // Databases.
        (
            "app: order\ndatabase: {engine: mysql}",
            &["MySQL reserves the name order, which the database has from the app"],
        ),
        (
            "database: {engine: postgres, name: rdsadmin}",
            &["PostgreSQL reserves the name rdsadmin", "database:"],
        ),
        (
            "database: {engine: mysql, name: sys}",
            &["MySQL reserves the name sys"],
        ),
        (
            "database: {engine: mariadb, name: returning}",
            &["MariaDB reserves the name returning"],
        ),
        (
            "stage: single-server\ndatabase: {engine: oracle}",
            &[
                "Oracle has no licence on the single server",
                "stage: split-db",
            ],
        ),
        (
            "stage: split-db\ndatabase: {engine: oracle, edition: enterprise}",
            &["AWS rents out no licence", "license: bring-your-own"],
        ),
        (
            "stage: single-server\ndatabase: {engine: aurora-postgres}",
            &[
                "Aurora PostgreSQL runs on AWS's servers only",
                "engine: postgres",
            ],
        ),
        (
            "stage: split-db\ndatabase: {engine: aurora-mysql, storage: 100}",
            &["storage has no size", "remove `storage`"],
        ),
        (
            "stage: split-db\ndatabase: {engine: aurora-mysql, class: db.m7g.large}",
            &[
                "no class db.m7g.large for Aurora MySQL",
                "did you mean db.r7g.large",
            ],
        ),
        (
            "stage: split-db\ndatabase: {engine: aurora-postgres, replicas: 16}",
            &["16"],
        ),
        (
            "stage: split-db\ndatabase: {engine: aurora-mysql, version: \"5.6\"}",
            &["no version 5.6 of Aurora MySQL"],
        ),
        (
            "stage: split-db\ndatabase: {engine: oracle, edition: web}",
            &["Oracle has no edition web", "use standard or enterprise"],
        ),
        (
            "stage: split-db\ndatabase: {engine: postgres, edition: web}",
            &["PostgreSQL has no editions", "remove `edition`"],
        ),
        (
            "stage: split-db\ndatabase: {engine: mysql, license: included}",
            &["MySQL needs no licence"],
        ),
        (
            "stage: split-db\ndatabase: {engine: sqlserver, license: bring-your-own}",
            &["RDS runs SQL Server under AWS's licence only"],
        ),
        (
            "stage: split-db\ndatabase: {engine: oracle, replicas: 1}",
            &[
                "Oracle standard has no read replicas",
                "edition: enterprise",
            ],
        ),
        (
            "database:\n  engine: postgres\n  reads: {max_lag: 5}",
            &[
                "the database has no replica to read from",
                "`replicas: 1` or more",
                "  reads:",
            ],
        ),
        (
            "database:\n  engine: oracle\n  reads: {}",
            &[
                "Oracle standard has no read replicas",
                "edition: enterprise",
                "  reads:",
            ],
        ),
        (
            "database:\n  engine: aurora-mysql\n  multi_az: false\n  reads: {max_lag: 1}",
            &[
                "the cluster has a writer only",
                "`multi_az: false`",
                "  reads:",
            ],
        ),
        (
            "stage: split-db\ndatabase: {engine: sqlserver, edition: enterprise, replicas: 6}",
            &["5 read replicas at most, not 6"],
        ),
        (
            "stage: split-db\ndatabase: {engine: sqlserver, edition: enterprise, replicas: 1, multi_az: false}",
            &["follow a database with a standby only"],
        ),
        (
            "stage: split-db\ndatabase: {engine: sqlserver, edition: express, multi_az: true}",
            &["SQL Server express has no standby"],
        ),
        (
            "stage: split-db\ndatabase: {engine: sqlserver, name: shop}",
            &["RDS creates no database in SQL Server"],
        ),
        (
            "stage: split-db\ndatabase: {engine: oracle, name: the_shop}",
            &["has an underscore"],
        ),
        (
            "stage: split-db\ndatabase: {engine: oracle, name: marketplace}",
            &["8 at most", "such as marketpl"],
        ),
        (
            "stage: split-db\ndatabase: {engine: sqlserver, storage: 20000}",
            &["16384 at most for SQL Server standard"],
        ),
        (
            "stage: split-db\ndatabase: {engine: sqlserver, class: db.t4g.medium}",
            &["no class db.t4g.medium for SQL Server standard"],
        ),
        (
            "stage: split-db\ndatabase: {engine: sqlserver, version: \"16.00.1.1.v1\"}",
            &[
                "no version 16.00.1.1.v1 of SQL Server",
                "did you mean 16.00.",
            ],
        ),
        (
            "stage: split-db\ndatabase: {engine: oracle, version: \"21\"}",
            &["no version 21 of Oracle", "use one of 19"],
        ),
        (
            "database: {engine: mariadb, version: \"11.9\"}",
            &[
                "no version 11.9 of MariaDB",
                "use one of 10.5, 10.6, 10.11, 11.4, 11.8",
            ],
        ),
        (
            "database: {engine: mariadb, version: \"11.8.99\"}",
            &["no version 11.8.99 of MariaDB"],
        ),
        (
            "database: {engine: mariadb, username: an_administrator_of_data}",
            &[
                "has 24 letters",
                "MariaDB",
                "16 at most",
                "an_administrator",
            ],
        ),
        (
            "database: {engine: postgres, version: \"99\"}",
            &["no version 99", "use one of 11, 12"],
        ),
        (
            "database: {engine: postgres, version: \"17.99\"}",
            &["no version 17.99 of PostgreSQL", "did you mean 17.9?"],
        ),
        (
            "database: {engine: postgres, version: \"18.5\"}",
            &["no version 18.5 of PostgreSQL"],
        ),
        (
            "database: {engine: postgres, version: 16.10}",
            &["must be text, not 16.10", "write it in quotes: \"16.10\""],
        ),
        (
            "database: {engine: postgres, storage: {size: 100, max: 105}}",
            &["not 10 % above", "set 110 or more"],
        ),
        (
            "maintenance: {window: \"sun:02:30-sun:03:30\"}",
            &["overlaps the maintenance window"],
        ),
        (
            "maintenance: {backup_window: \"02:00-02:10\"}",
            &["fewer than 30"],
        ),
        (
            "maintenance: {backup_window: \"25:00-26:00\"}",
            &["an hour that no day has"],
        ),
        // Services.
        (
            "services: {a: {image: x}, b: {image: x}}",
            &["a and b both answer /*", "paths of its own"],
        ),
        (
            "services: {a: {image: x, paths: [/a, /b]}, b: {image: x, paths: [/b]}}",
            &["both answer /b, and differ"],
        ),
        (
            "services: {a: {image: x, balance: {weight: 1}}, b: {image: x}}",
            &["`balance: {weight: 1}` in both"],
        ),
        (
            "services: {web: {image: x, paths: [\"a b\"]}}",
            &["not a path for a load balancer"],
        ),
        (
            "services: {web: {image: x, paths: [\"/*a*\", \"/*b*\", \"/*c*\"]}}",
            &["6 wildcards"],
        ),
        (
            "services: {web: {image: x, health: {path: \"/a b\"}}}",
            &["health.path is not a path"],
        ),
        (
            "services: {web: {image: x, balance: {algorithm: round-robin, slow_start: 10}}}",
            &["below 30"],
        ),
        (
            "services: {web: {artifact: \"shop.tar\"}}",
            &["not an object in S3"],
        ),
        (
            "services: {web: {image: x, env: {A: \"{{resolve:ssm:/a}}\"}}}",
            &["refers to a secret", "secrets: {A: NAME}"],
        ),
        (
            "services: {web: {image: x, command: [\"{{resolve:ssm:/a}}\"]}}",
            &["refers to a secret"],
        ),
        (
            "services: {web: {image: x, env: {A: b}, secrets: {A: b}}}",
            &["in env and in secrets"],
        ),
        (
            "services: {web: {image: x, env: {PIN: 4711}}}",
            &["services.web.env.PIN must be text | write the value in quotes"],
        ),
        (
            "services: {web: {image: x, secrets: {A: \"\"}}}",
            &["is empty"],
        ),
        (
            "services: {web: {image: x, secrets: {A: \"shop/db:password::\"}}}",
            &["names a key of a secret"],
        ),
        (
            "services: {web: {image: x, secrets: {A: \"arn:aws:ssm:us-east-1:123456789012:document/a\"}}}",
            &["is not the ARN of a secret or of a parameter"],
        ),
        (
            "services: {web: {image: x, secrets: {A: /shop//a}}}",
            &["is not the name of a parameter of SSM | a parameter's name has"],
        ),
        (
            "services: {web: {image: x, secrets: {A: \"ssm:a b\"}}}",
            &["is not the name of a parameter of SSM"],
        ),
        (
            "services: {web: {image: x, secrets: {A: \"p@ss word!\"}}}",
            &["is not the name of a secret"],
        ),
        // Delivery.
        ("cdn: {default_ttl: 0}", &["default_ttl is 0"]),
        ("cdn: {static_paths: [/a/*, /a/*]}", &["has \"/a/*\" twice"]),
        (
            "cdn: {static_paths: [/*]}",
            &["leaves no request to the services"],
        ),
        (
            "cdn: {static_paths: [\"*\"]}",
            &["leaves no request to the services"],
        ),
        // Names that others need.
        (
            "environments: {x: {domain: origin.shop.example.com}}",
            &["has the name origin.shop.example.com, as the spec"],
        ),
        (
            "domain: \"https://u:zq9hunter2@shop.example.com/a\"",
            &["it is a URL", "write \"shop.example.com\""],
        ),
        (
            "domain: \"u:zq9hunter2@shop\"",
            &[
                "it is a URL or has a login",
                "| write it like www.example.com",
            ],
        ),
        (
            "services: {web: {image: x, port: 8080, env: {PORT: \"1\"}}}",
            &["services.web.env.PORT is not the port 8080"],
        ),
        (
            "services: {web: {image: x, secrets: {A: \"arn:aws-cn:ssm:cn-north-1:123456789012:parameter/a\"}}}",
            &["is in another partition"],
        ),
        (
            "migration: {gates: [{command: \"test -e a\", every: 100, within: 5}]}",
            &["checked every 100 seconds"],
        ),
        (
            "migration: {gates: [{command: \"test -e a\", times: 3, every: 10, within: 15}]}",
            &["cannot pass within 15 seconds", "`within: 20`"],
        ),
        // What RDS and ElastiCache keep.
        (
            "database: {engine: postgres, username: rdsadmin}",
            &["reserves the name rdsadmin, which its master user cannot have"],
        ),
        (
            "database: {engine: mysql, username: select}",
            &["reserves the name select"],
        ),
        (
            "database: {engine: postgres, name: Shop}",
            &["capital letters", "write shop"],
        ),
        (
            "cache: {engine: memcached, node: cache.r6gd.xlarge}",
            &["Memcached does not run on cache.r6gd.xlarge"],
        ),
        (
            "regions: [us-east-1, eu-west-1]\nnetwork: {cidr: 192.168.0.0/16}",
            &[
                "eu-west-1 would get 192.169.0.0/16",
                "{name: eu-west-1, cidr: 10.1.0.0/16}",
            ],
        ),
        // The account.
        (
            "provider: {aws: {profil: a}}",
            &[
                "provider.aws has no property profil",
                "did you mean profile?",
            ],
        ),
        (
            "provider: {aws: {allowed_accounts: [012345678901]}}",
            &["not 012345678901", "\"012345678901\""],
        ),
        (
            "provider: {aws: {allowed_accounts: [\"1234\"]}}",
            &["not the id of an account"],
        ),
        (
            "provider: {aws: {role_arn: deploy}}",
            &["role_arn cannot be"],
        ),
    ] {
        let found = told(spec);
        let is_told = |words: &[&str]| {
            found
                .iter()
                .any(|one| words.iter().all(|word| one.contains(word)))
        };
        if found.len() != 1 || !is_told(words) {
            wrong.push(format!("{spec}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let found = told(&format!(
        "services: {{web: {{image: x, env: {{A: \"{long}\"}}}}}}"
    ));
    assert!(found[0].contains("bytes") && found.len() == 1, "{found:?}");
}

#[test]
fn a_right_spec_breaks_no_rule() {
    for spec in [
        "services: {a: {image: x, balance: {weight: 1}}, b: {image: x, balance: {weight: 0}}}",
        "services: {a: {image: x, paths: [/a]}, b: {image: x, paths: [/b]}}",
        "services: {a: {image: x, hosts: [a.shop.example.com]}, b: {image: x, hosts: [b.shop.example.com]}}",
        "services: {web: {image: x, env: {A: \"{{ name }}\", B: \"\"}}}",
        "services: {web: {image: x, secrets: {A: shop/stripe, B: \"arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf\"}}}",
        "environments: {staging: {domain: staging.shop.example.com}, test: {domain: test.shop.example.com}}",
        "tags: {\"Team1_.:/=+-\": \"Ünited café 1 _.:/=+-@\", Name: x}",
        "regions: [{name: us-east-1, zones: [b, f]}]",
        "app: orders\ndatabase: {engine: postgres, version: \"16.10\"}",
        "provider: {aws: {allowed_accounts: [\"012345678901\"], role_arn: \"arn:aws:iam::123456789012:role/a/b\"}}",
        "maintenance: {window: \"sun:23:30-mon:00:30\"}\ncache: {}",
        "cache: {engine: memcached, serverless: true, strategy: write-through}",
        "database: {engine: mysql}\ncache: {serverless: {max_ecpu: 5000}, strategy: write-back}",
        "database: {engine: mysql}\ncache: {engine: redis, strategy: write-back, ttl: 60, eviction: volatile-ttl}",
        "cache: {engine: memcached, nodes: 1, eviction: noeviction, strategy: read-through}",
    ] {
        assert_eq!(told(spec), Vec::<String>::new(), "{spec}");
    }
}

/// The longest names, and as many secrets, variables and hosts as fit.
const FULL: &str = "app: an-application-of-24-let\nstage: single-server\ndomain: shop.example.com\n\
    regions: [ap-southeast-1, ap-northeast-1]\ntags: {a: b, c: d, e: f, g: h, i: j}\n\
    database: {engine: mysql, replicas: 14, name: a_name}\ncache: {engine: memcached, nodes: 6}\n";

#[test]
fn the_longest_names_fit_at_every_stage() {
    let secrets: String = (0..50)
        .map(|n| format!("S{n}: shop/secret-{n}, "))
        .collect();
    let services: String = (0..3)
        .map(|n| {
            format!(
                "  a-service-of-20-let{n}: {{image: x, paths: [/{n}], secrets: {{{}}}}}\n",
                if n == 0 { &secrets } else { "" }
            )
        })
        .collect();
    let text = format!("{FULL}services:\n{services}");
    let library = Library::embedded().unwrap();
    for stage in Stage::ALL {
        let spec = load("scalectl.yaml", &text, None, Some(stage))
            .unwrap_or_else(|found| panic!("{found:#?}"));
        compile(&library, &spec).unwrap_or_else(|found| panic!("{}: {found:#?}", stage.name()));
    }
}

#[test]
fn a_parameter_is_measured_as_the_blueprint_writes_it() {
    let of = |length: usize| {
        format!(
            "app: shop\nstage: single-server\nservices: {{web: {{image: x, env: {{A: \"{{{{ ü }}}}{}\"}}}}}}\n\
             registries: {{docker.io: {{username: a, password: shop/hub}}}}\n",
            "x".repeat(length)
        )
    };
    let library = Library::embedded().unwrap();
    let value = |length: usize| {
        let spec = load("scalectl.yaml", &of(length), None, None).unwrap();
        let graph = compile(&library, &spec).unwrap();
        let resource = graph
            .iter()
            .find(|one| one.address.to_string() == "us-east-1/param_service[web]")
            .unwrap();
        resource
            .properties
            .get("Value")
            .and_then(Value::as_str)
            .unwrap()
            .len()
    };
    let most = 4096 - value(0);
    assert_eq!(value(most), 4096);
    let found = load("scalectl.yaml", &of(most + 1), None, None).unwrap_err();
    assert!(found[0].message.contains("have 4097 bytes"), "{found:?}");
}

#[test]
fn a_role_is_measured_no_smaller_than_the_blueprint_writes_it() {
    let library = Library::embedded().unwrap();
    for stage in [Stage::SingleServer, Stage::LoadBalanced] {
        let mut most = 0;
        for count in (10..120).step_by(10) {
            let secrets: String = (0..count).map(|n| format!("S{n}: shop/s{n}, ")).collect();
            let services: String = (0..4)
                .map(|n| format!("s{n}: {{image: x, paths: [/{n}], secrets: {{{secrets}}}}}, "))
                .collect();
            let text = format!(
                "app: shop\nstage: {}\ndomain: a.example.com\nservices: {{{services}}}\n",
                stage.name()
            );
            match load("scalectl.yaml", &text, None, None) {
                Ok(spec) => {
                    compile(&library, &spec).unwrap_or_else(|found| panic!("{count}: {found:#?}"));
                    most = count;
                }
                Err(found) => assert!(
                    found
                        .iter()
                        .all(|one| one.message.contains("policies of a role")
                            || one.message.contains("bytes")),
                    "{found:?}"
                ),
            }
        }
        assert!(most > 0);
    }
}

#[test]
fn user_data_is_measured_after_it_is_compressed() {
    // Lines that gzip cannot make smaller.
    let noise: String = (0..2000_u64)
        .map(|n| {
            format!(
                "echo {:x}\n",
                n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17) ^ (n << 40)
            )
        })
        .collect();
    let script = format!("#!/bin/bash\n{noise}");
    let library = Library::with(&[], &[("user-data/server.sh", &script)]).unwrap();
    let text = "app: shop\nstage: single-server\nservices: {web: {image: x}}\n";
    for stage in [Stage::SingleServer, Stage::LoadBalanced] {
        let text = format!("{text}domain: a.example.com\n");
        let spec = load("scalectl.yaml", &text, None, Some(stage)).unwrap();
        let found = compile(&library, &spec).unwrap_err();
        assert!(
            found[0].message.contains("compressed; EC2 allows 16384"),
            "{found:?}"
        );
    }
}

#[test]
fn types_of_columns_nest() {
    for columns in [
        "{at: 'list<int>', b1: 'map<text, frozen<set<uuid>>>', c1: 'tuple<int, text,blob>'}",
        "{id: 'frozen<list<int>>'}",
        "{id: int, hits: counter, misses: counter}",
    ] {
        let text = format!(
            "app: shop\nstage: single-server\nservices: {{web: {{image: x}}}}\nstores: {{abc: {{type: column, columns: {columns}}}}}\n"
        );
        load("scalectl.yaml", &text, None, None).unwrap_or_else(|found| panic!("{found:#?}"));
    }
}
