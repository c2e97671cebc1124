//! What RDS, ElastiCache, Systems Manager and EC2 refuse of a database, a cache, a parameter and a server.

use super::*;
use scalectl::provider::sim::cloud::Item;

const DATABASE: &str = "AWS::RDS::DBInstance";

/// A database that AWS takes, with other values for some properties.
fn with(changes: Json) -> Json {
    let mut database = json!({
        "Engine": "postgres", "EngineVersion": "17", "DBInstanceClass": "db.t4g.medium",
        "AllocatedStorage": "50", "MasterUsername": "app", "ManageMasterUserPassword": true,
        "BackupRetentionPeriod": 7,
    });
    for (name, value) in changes.as_object().unwrap() {
        database[name] = value.clone();
    }
    database
}

fn refused(region: &str, kind: &str, properties: Json) -> (String, String) {
    let mut account = Account::new();
    let error = account
        .create(&format!("{region}/it"), kind, properties)
        .unwrap_err();
    (error.code, error.message)
}

fn taken(region: &str, kind: &str, properties: Json) {
    Account::new().made(&format!("{region}/it"), kind, properties);
}

#[test]
fn a_parameter_takes_the_values_of_its_family() {
    let group = |family: &str, parameters: Json| json!({"Description": "x", "Family": family, "Parameters": parameters});
    let kind = "AWS::RDS::DBParameterGroup";
    let on = group("mysql8.4", json!({"require_secure_transport": "ON"}));
    let (code, message) = refused("us-east-1", kind, on);
    assert_eq!(code, "InvalidParameterValue");
    assert!(message.contains("allowed values are: 0,1"), "{message}");
    taken(
        "us-east-1",
        kind,
        group(
            "mysql8.4",
            json!({"require_secure_transport": "1", "read_only": "{TrueIfReplica}"}),
        ),
    );
}

#[test]
fn windows_have_hours_a_length_and_no_overlap() {
    for (backup, maintenance) in [
        ("25:00-26:00", "sun:04:00-sun:05:00"),
        ("02:00-02:20", "sun:04:00-sun:05:00"),
        ("02:00-03:00", "sun:04:00-sun:04:20"),
        ("02:00-03:00", "sun:02:30-sun:04:00"),
    ] {
        let windows =
            json!({"PreferredBackupWindow": backup, "PreferredMaintenanceWindow": maintenance});
        let (code, message) = refused("us-east-1", DATABASE, with(windows));
        assert_eq!(
            code, "InvalidParameterValue",
            "{backup} {maintenance}: {message}"
        );
    }
    let cache = |window: &str| {
        json!({"ReplicationGroupDescription": "x", "Engine": "valkey", "EngineVersion": "8.0",
            "CacheNodeType": "cache.t4g.small", "PreferredMaintenanceWindow": window})
    };
    let kind = "AWS::ElastiCache::ReplicationGroup";
    let (code, _) = refused("us-east-1", kind, cache("sun:04:00-sun:04:30"));
    assert_eq!(code, "InvalidParameterValue");
    taken("us-east-1", kind, cache("sun:04:00-sun:05:00"));
}

#[test]
fn a_disk_grows_by_a_tenth_or_not_at_all() {
    let (code, message) = refused(
        "us-east-1",
        DATABASE,
        with(json!({"MaxAllocatedStorage": 52})),
    );
    assert_eq!(code, "InvalidParameterCombination");
    assert!(message.contains("Invalid max storage size"), "{message}");
    taken(
        "us-east-1",
        DATABASE,
        with(json!({"MaxAllocatedStorage": 55})),
    );
}

#[test]
fn mysql_has_performance_insights_on_larger_classes() {
    let database = |engine: &str, version: &str, class: &str| {
        with(
            json!({"Engine": engine, "EngineVersion": version, "DBInstanceClass": class,
            "EnablePerformanceInsights": true}),
        )
    };
    let (code, message) = refused(
        "us-east-1",
        DATABASE,
        database("mysql", "8.4", "db.t4g.small"),
    );
    assert_eq!(code, "InvalidParameterCombination");
    assert!(message.contains("Performance Insights"), "{message}");
    taken(
        "us-east-1",
        DATABASE,
        database("mysql", "8.4", "db.t4g.medium"),
    );
    taken(
        "us-east-1",
        DATABASE,
        database("postgres", "17", "db.t4g.small"),
    );
}

#[test]
fn a_database_has_a_name_that_its_engine_does_not_keep() {
    let (code, message) = refused("us-east-1", DATABASE, with(json!({"DBName": "order"})));
    assert_eq!(code, "InvalidParameterValue");
    assert!(message.contains("reserved word"), "{message}");
    taken("us-east-1", DATABASE, with(json!({"DBName": "orders"})));
}

#[test]
fn versions_and_classes_are_some_that_rds_has() {
    for (changes, code, part) in [
        (
            json!({"EngineVersion": "99"}),
            "InvalidParameterCombination",
            "Cannot find version 99",
        ),
        (
            json!({"EngineVersion": "16.3"}),
            "InvalidParameterCombination",
            "Cannot find version",
        ),
        (
            json!({"DBInstanceClass": "db.t9.small"}),
            "InvalidParameterValue",
            "Invalid DB Instance class",
        ),
        (
            json!({"Engine": "mysql", "EngineVersion": "8.0", "DBInstanceClass": "db.m8a.large"}),
            "InvalidParameterCombination",
            "does not support creating a DB instance",
        ),
    ] {
        let found = refused("us-east-1", DATABASE, with(changes.clone()));
        assert_eq!(found.0, code, "{changes}");
        assert!(found.1.contains(part), "{changes}: {}", found.1);
    }
    let class = with(json!({"DBInstanceClass": "db.t4g.medium"}));
    taken("eu-west-1", DATABASE, class);
}

#[test]
fn a_region_has_some_types_nodes_and_zones() {
    let server = |of: &str| json!({"InstanceType": of, "ImageId": "ami-x86_64"});
    let kind = "AWS::EC2::Instance";
    let (code, message) = refused("us-east-1", kind, server("t3.smal"));
    assert_eq!(code, "InvalidParameterValue");
    assert_eq!(message, "Invalid value 't3.smal' for InstanceType.");
    assert_eq!(
        refused("mx-central-1", kind, server("t2.small")).0,
        "Unsupported"
    );
    let optimized =
        json!({"InstanceType": "t2.small", "ImageId": "ami-x86_64", "EbsOptimized": true});
    let (code, message) = refused("us-east-1", kind, optimized);
    assert_eq!(code, "Unsupported");
    assert!(message.starts_with("EBS-optimized"), "{message}");
    taken("us-east-1", kind, server("t2.small"));
    let cache = json!({"Engine": "memcached", "EngineVersion": "1.6.22", "NumCacheNodes": 1,
        "CacheNodeType": "cache.t9.small"});
    let kind = "AWS::ElastiCache::CacheCluster";
    assert_eq!(refused("us-east-1", kind, cache).0, "InvalidParameterValue");
    let mut account = Account::new();
    let cidr = json!({"CidrBlock": "10.0.0.0/16"});
    let vpc = account.made("eu-west-1/vpc", "AWS::EC2::VPC", cidr);
    let subnet =
        |zone: &str| json!({"VpcId": &*vpc, "CidrBlock": "10.0.0.0/24", "AvailabilityZone": zone});
    let kind = "AWS::EC2::Subnet";
    for zone in ["eu-west-1d", "us-east-1a", "eu-west-1"] {
        let error = account
            .create("eu-west-1/s", kind, subnet(zone))
            .unwrap_err();
        assert_eq!(error.code, "InvalidParameterValue", "{zone}");
    }
    account.made("eu-west-1/s", kind, subnet("eu-west-1c"));
}

#[test]
fn a_group_takes_no_template_of_an_unknown_type() {
    let mut account = Account::new();
    let (_, a, b) = account.network();
    let mut group = |of: &str| {
        let template = json!({"LaunchTemplateData": {"InstanceType": of}});
        let key = of.replace('.', "-");
        let template = account.made(
            &format!("us-east-1/template[{key}]"),
            "AWS::EC2::LaunchTemplate",
            template,
        );
        let group = json!({"MinSize": "1", "MaxSize": "2", "VPCZoneIdentifier": [&*a, &*b],
            "LaunchTemplate": {"LaunchTemplateId": &*template, "Version": "1"}});
        account.create(
            &format!("us-east-1/group[{key}]"),
            "AWS::AutoScaling::AutoScalingGroup",
            group,
        )
    };
    let error = group("t3.smal").unwrap_err();
    assert_eq!(error.code, "ValidationError");
    assert!(error.message.contains("t3.smal"), "{}", error.message);
    group("t3.small").unwrap();
}

#[test]
fn parameters_leave_the_names_and_braces_of_aws_alone() {
    let kind = "AWS::SSM::Parameter";
    let parameter =
        |name: &str, value: &str| json!({"Name": name, "Type": "String", "Value": value});
    for name in ["/awsome/prod/site", "/AWS-x/site", "ssmall"] {
        let (code, _) = refused("us-east-1", kind, parameter(name, "x"));
        assert_eq!(code, "AccessDeniedException", "{name}");
    }
    let (code, _) = refused("us-east-1", kind, parameter("/shop/site", "{{name}}"));
    // The registry has the pattern.
    assert_eq!(code, "ValidationError");
    taken("us-east-1", kind, parameter("/shop/aws", "{name}"));
}

fn found<'a>(account: &'a Account, region: &str, id: &str) -> &'a Item {
    account.cloud.find(DATABASE, region, id).unwrap()
}

/// A group of parameters and a database with it.
fn source(account: &mut Account, region: &str, name: &str) -> Arc<str> {
    let parameters = json!({"rds.logical_replication": "1"});
    let group = json!({"DBParameterGroupName": name, "Description": "x", "Family": "postgres17",
        "Parameters": parameters});
    account.made(
        &format!("{region}/group"),
        "AWS::RDS::DBParameterGroup",
        group,
    );
    account.made(
        &format!("{region}/db"),
        DATABASE,
        with(json!({"DBInstanceIdentifier": "db", "DBParameterGroupName": name})),
    )
}

#[test]
fn a_replicas_parameter_group_counts_from_a_restart_on() {
    let mut account = Account::new();
    source(&mut account, "us-east-1", "here");
    let group = json!({"DBParameterGroupName": "there", "Description": "x", "Family": "postgres17",
        "Parameters": {"rds.logical_replication": "1"}});
    account.made("eu-west-1/group", "AWS::RDS::DBParameterGroup", group);
    let arn = found(&account, "us-east-1", "db")
        .properties
        .get("DBInstanceArn")
        .unwrap()
        .to_string();
    let replica = json!({"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": arn,
        "DBInstanceClass": "db.t4g.medium", "DBParameterGroupName": "there"});
    let id = account.made("eu-west-1/copy", DATABASE, replica);
    let parameter = |account: &Account| {
        let copy = found(account, "eu-west-1", "copy");
        account.cloud.parameter(copy, "rds.logical_replication")
    };
    let group = |account: &Account| {
        let copy = found(account, "eu-west-1", "copy");
        copy.properties
            .get("DBParameterGroupName")
            .unwrap()
            .to_string()
    };
    // RDS takes no group with the call that creates it.
    assert_eq!(group(&account), "default.postgres17");
    let change = json!("there");
    account
        .update(
            "eu-west-1/copy",
            DATABASE,
            &id,
            "DBParameterGroupName",
            change,
        )
        .unwrap();
    assert_eq!(group(&account), "there");
    assert_eq!(parameter(&account), None);
    let handle = Handle {
        address: "eu-west-1/copy".parse().unwrap(),
        kind: DATABASE.into(),
        identifier: id,
    };
    account.now += 3_600_000;
    account.cloud.restart(&handle, account.now).unwrap();
    assert_eq!(parameter(&account).as_deref(), Some("1"));
}

#[test]
fn a_replica_in_its_sources_region_has_the_sources_group() {
    let mut account = Account::new();
    source(&mut account, "us-east-1", "here");
    let replica = json!({"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": "db",
        "DBInstanceClass": "db.t4g.medium", "DBParameterGroupName": "here"});
    account.made("us-east-1/copy", DATABASE, replica);
    let copy = found(&account, "us-east-1", "copy");
    let group = copy.properties.get("DBParameterGroupName").unwrap();
    assert_eq!(group.to_string(), "here");
    let value = account.cloud.parameter(copy, "rds.logical_replication");
    assert_eq!(value.as_deref(), Some("1"));
}

fn alarm(account: &mut Account, properties: Json) -> bool {
    let kind = "AWS::CloudWatch::Alarm";
    let region = "us-east-1/alarm";
    let identifier = account.made(region, kind, properties);
    let handle = Handle {
        address: region.parse().unwrap(),
        kind: kind.into(),
        identifier,
    };
    !account.cloud.firing_alarms(&[handle], false).is_empty()
}

#[test]
fn a_backup_that_rds_leaves_no_time_for_fails() {
    let fails = |cron: &str| {
        let mut account = Account::new();
        let windows = json!({"DBInstanceIdentifier": "db", "PreferredBackupWindow": "02:00-03:00",
            "PreferredMaintenanceWindow": "sun:04:00-sun:05:00"});
        account.made("us-east-1/db", DATABASE, with(windows));
        let arn = found(&account, "us-east-1", "db")
            .properties
            .get("DBInstanceArn")
            .unwrap()
            .to_string();
        let vault = json!({"BackupVaultName": "vault"});
        account.made("us-east-1/vault", "AWS::Backup::BackupVault", vault);
        let plan = json!({"BackupPlan": {"BackupPlanName": "daily", "BackupPlanRule": [{
            "RuleName": "daily", "TargetBackupVault": "vault", "ScheduleExpression": cron,
            "StartWindowMinutes": 120}]}});
        let plan = account.made("us-east-1/plan", "AWS::Backup::BackupPlan", plan);
        let role = json!({"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}, "RoleName": "r"});
        account.made("global/role", "AWS::IAM::Role", role);
        let selection = json!({"BackupPlanId": &*plan, "BackupSelection": {
            "SelectionName": "s", "IamRoleArn": "arn:aws:iam::123456789012:role/r", "Resources": [arn]}});
        account.made(
            "us-east-1/selection",
            "AWS::Backup::BackupSelection",
            selection,
        );
        let failed = json!({"Namespace": "AWS/Backup", "MetricName": "NumberOfBackupJobsFailed",
            "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 0});
        alarm(&mut account, failed)
    };
    assert!(fails("cron(0 2 * * ? *)"));
    assert!(!fails("cron(30 6 * * ? *)"));
}

#[test]
fn an_idle_replica_of_postgres_seems_to_lag() {
    let lags = |threshold: u32| {
        let mut account = Account::new();
        source(&mut account, "us-east-1", "here");
        let replica = json!({"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": "db",
            "DBInstanceClass": "db.t4g.medium"});
        account.made("us-east-1/copy", DATABASE, replica);
        let lag = json!({"Namespace": "AWS/RDS", "MetricName": "ReplicaLag", "EvaluationPeriods": 1,
            "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "copy"}],
            "ComparisonOperator": "GreaterThanThreshold", "Threshold": threshold});
        alarm(&mut account, lag)
    };
    assert!(lags(30));
    assert!(!lags(600));
}

#[test]
fn an_engine_has_what_its_edition_allows() {
    let oracle = json!({"Engine": "oracle-se2", "EngineVersion": "19", "DBInstanceClass": "db.t3.medium",
        "DBName": "ORCL", "LicenseModel": "license-included"});
    let server = json!({"Engine": "sqlserver-se", "EngineVersion": "16.00", "DBInstanceClass": "db.m6i.large",
        "LicenseModel": "license-included"});
    let but = |base: &Json, changes: Json| {
        let mut database = base.clone();
        for (name, value) in changes.as_object().unwrap() {
            database[name] = value.clone();
        }
        with(database)
    };
    taken("us-east-1", DATABASE, with(oracle.clone()));
    taken("us-east-1", DATABASE, with(server.clone()));
    for (base, changes, code, part) in [
        (
            &oracle,
            json!({"Engine": "oracle-ee"}),
            "InvalidParameterValue",
            "Invalid license model",
        ),
        (
            &oracle,
            json!({"DBName": "MARKETPLACE"}),
            "InvalidParameterValue",
            "DBName",
        ),
        (
            &oracle,
            json!({"EnableIAMDatabaseAuthentication": true}),
            "InvalidParameterCombination",
            "IAM",
        ),
        (
            &oracle,
            json!({"EngineVersion": "21"}),
            "InvalidParameterCombination",
            "Cannot find version",
        ),
        (
            &oracle,
            json!({"DBInstanceClass": "db.m6i.large"}),
            "InvalidParameterValue",
            "Invalid DB Instance class",
        ),
        (
            &oracle,
            json!({"EnableCloudwatchLogsExports": ["error"]}),
            "InvalidParameterCombination",
            "log types",
        ),
        (
            &server,
            json!({"DBName": "shop"}),
            "InvalidParameterValue",
            "must be null",
        ),
        (
            &server,
            json!({"AllocatedStorage": "20000"}),
            "InvalidParameterValue",
            "storage size",
        ),
        (
            &server,
            json!({"Engine": "sqlserver-ex", "DBInstanceClass": "db.t3.small", "MultiAZ": true}),
            "InvalidParameterCombination",
            "Multi-AZ",
        ),
        (
            &server,
            json!({"DBInstanceClass": "db.t4g.medium"}),
            "InvalidParameterValue",
            "class",
        ),
        (
            &server,
            json!({"Engine": "sybase"}),
            "InvalidParameterValue",
            "Invalid DB engine",
        ),
        (
            &json!({"Engine": "mariadb", "EngineVersion": "11.8"}),
            json!({"MasterUsername": "an_administrator_of"}),
            "InvalidParameterValue",
            "1 to 16",
        ),
    ] {
        let found = refused("us-east-1", DATABASE, but(base, changes.clone()));
        assert_eq!(found.0, code, "{changes}: {}", found.1);
        assert!(found.1.contains(part), "{changes}: {}", found.1);
    }
}

#[test]
fn a_replica_follows_an_edition_that_has_some() {
    let follow = |source: Json| {
        let mut account = Account::new();
        let mut source = with(source);
        source["DBInstanceIdentifier"] = json!("db");
        account.made("us-east-1/db", DATABASE, source);
        let replica = json!({"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": "db",
            "DBInstanceClass": "db.m6i.xlarge"});
        account.create("us-east-1/copy", DATABASE, replica)
    };
    let server = |engine: &str, standby: bool| {
        follow(
            json!({"Engine": engine, "EngineVersion": "16.00", "DBInstanceClass": "db.m6i.xlarge",
            "LicenseModel": "license-included", "MultiAZ": standby}),
        )
    };
    let error = server("sqlserver-se", true).unwrap_err();
    assert!(
        error
            .message
            .contains("not supported for engine sqlserver-se"),
        "{}",
        error.message
    );
    let error = server("sqlserver-ee", false).unwrap_err();
    assert_eq!(error.code, "InvalidDBInstanceState");
    server("sqlserver-ee", true).unwrap();
}

#[test]
fn a_generated_password_is_no_longer_than_the_engine_takes() {
    let made = |letters: u32| {
        let mut account = Account::new();
        let secret =
            json!({"Name": "shop/database", "GenerateSecretString": {"PasswordLength": letters}});
        let secret = account.made("us-east-1/secret", "AWS::SecretsManager::Secret", secret);
        let mut database = with(json!({"Engine": "oracle-se2", "EngineVersion": "19",
            "DBInstanceClass": "db.t3.medium", "LicenseModel": "license-included"}));
        let properties = database.as_object_mut().unwrap();
        properties.remove("ManageMasterUserPassword");
        let reference = format!("{{{{resolve:secretsmanager:{secret}:SecretString:password}}}}");
        properties.insert("MasterUserPassword".to_owned(), json!(reference));
        account.create("us-east-1/db", DATABASE, database)
    };
    let error = made(40).unwrap_err();
    assert!(
        error.message.contains("longer than 30"),
        "{}",
        error.message
    );
    made(30).unwrap();
}

#[test]
fn a_parameter_group_is_of_the_databases_family() {
    let mut account = Account::new();
    let group = json!({"DBParameterGroupName": "g", "Description": "x", "Family": "mariadb11.4"});
    account.made("us-east-1/group", "AWS::RDS::DBParameterGroup", group);
    let database = |version: &str| {
        with(json!({"Engine": "mariadb", "EngineVersion": version, "DBParameterGroupName": "g"}))
    };
    let error = account
        .create("us-east-1/db", DATABASE, database("11.8"))
        .unwrap_err();
    assert!(
        error.message.contains("DBParameterGroupFamily mariadb11.8"),
        "{}",
        error.message
    );
    account
        .create("us-east-1/db", DATABASE, database("11.4"))
        .unwrap();
}

#[test]
fn a_cluster_has_what_its_servers_cannot_set() {
    let cluster = |changes: Json| {
        let mut cluster = json!({"DBClusterIdentifier": "db", "Engine": "aurora-postgresql", "EngineVersion": "17",
            "DatabaseName": "shop", "MasterUsername": "app", "ManageMasterUserPassword": true});
        for (name, value) in changes.as_object().unwrap() {
            cluster[name] = value.clone();
        }
        cluster
    };
    let kind = "AWS::RDS::DBCluster";
    for (changes, part) in [
        (json!({"EngineVersion": "17.99"}), "Cannot find version"),
        (json!({"AllocatedStorage": 100}), "AllocatedStorage"),
        (json!({"DatabaseName": "order"}), "reserved word"),
        (
            json!({"MasterUsername": "an_administrator_of"}),
            "1 to 16 characters",
        ),
        (
            json!({"EnableCloudwatchLogsExports": ["upgrade"]}),
            "log types 'upgrade'",
        ),
    ] {
        let (_, message) = refused("us-east-1", kind, cluster(changes.clone()));
        assert!(message.contains(part), "{changes}: {message}");
    }
    let mut account = Account::new();
    account.made("us-east-1/cluster", kind, cluster(json!({})));
    let node = |changes: Json| {
        let mut node = json!({"DBClusterIdentifier": "db", "Engine": "aurora-postgresql",
            "DBInstanceClass": "db.t4g.medium"});
        for (name, value) in changes.as_object().unwrap() {
            node[name] = value.clone();
        }
        node
    };
    for (changes, part) in [
        (
            json!({"DeletionProtection": true}),
            "Set DeletionProtection for the DB Cluster",
        ),
        (
            json!({"Engine": "aurora-mysql"}),
            "doesn't match the engine name",
        ),
        (
            json!({"DBClusterIdentifier": "other"}),
            "other does not exist",
        ),
        (
            json!({"DBInstanceClass": "db.m7g.large"}),
            "Invalid DB Instance class",
        ),
    ] {
        let error = account.create("us-east-1/node", DATABASE, node(changes.clone()));
        let message = error.unwrap_err().message;
        assert!(message.contains(part), "{changes}: {message}");
    }
    for number in 0..16 {
        account.made(
            &format!("us-east-1/node[{number}]"),
            DATABASE,
            node(json!({})),
        );
    }
    let error = account.create("us-east-1/node[16]", DATABASE, node(json!({})));
    assert_eq!(error.unwrap_err().code, "InvalidDBClusterStateFault");
}
