//! What every provider must do. Written against the trait alone; each provider that this build has
//! runs it, the simulator on a quiet day and on a bad one.

use std::sync::Arc;
use std::time::Duration;

use crate::common::{EPOCH, runtime};
use scalectl::inventory::{Handle, Live, Owner, Record, Status};
use scalectl::ownership;
use scalectl::provider::sim::{Sim, cloud::Cloud, faults::Faults};
use scalectl::provider::{ErrorKind, Holder, Outcome, Provider, Query, Write};
use scalectl::value::{Map, Value};

fn owner(app: &str) -> Owner {
    Owner {
        app: app.into(),
        env: "default".into(),
    }
}

fn map(json: serde_json::Value) -> Map {
    match serde_json::from_value(json).unwrap() {
        Value::Map(map) => map,
        other => panic!("{other}"),
    }
}

fn write(app: &str, address: &str, kind: &str, generation: u32, json: serde_json::Value) -> Write {
    let address = address.parse().unwrap();
    let properties = map(json);
    Write {
        owner: owner(app),
        applied: ownership::of_properties(&address, generation, false, &properties),
        address,
        kind: kind.into(),
        properties,
    }
}

fn vpc(app: &str, generation: u32) -> Write {
    let json =
        serde_json::json!({"CidrBlock": "10.0.0.0/16", "Tags": [{"Key": "Name", "Value": "x"}]});
    write(app, "us-east-1/vpc", "AWS::EC2::VPC", generation, json)
}

fn handle(write: &Write, identifier: &Arc<str>) -> Handle {
    Handle {
        address: write.address.clone(),
        kind: write.kind.clone(),
        identifier: identifier.clone(),
    }
}

/// Asks until the answer is no passing one.
async fn steadily<T>(
    provider: &dyn Provider,
    mut call: impl AsyncFnMut() -> Outcome<T>,
) -> Outcome<T> {
    loop {
        match call().await {
            Err(error) if error.kind.is_retryable() => {
                provider.clock().sleep(Duration::from_millis(200)).await;
            }
            other => return other,
        }
    }
}

async fn create(provider: &dyn Provider, write: &Write) -> Outcome<Arc<str>> {
    steadily(provider, async || provider.create(write).await).await
}

/// Updates, waiting while the resource is busy with a change whose answer was lost.
async fn update(
    provider: &dyn Provider,
    handle: &Handle,
    write: &Write,
    changed: &[Arc<str>],
) -> Outcome<()> {
    loop {
        match provider.update(handle, write, changed).await {
            Err(error) if error.kind.is_retryable() || error.kind == ErrorKind::Conflict => {
                provider.clock().sleep(Duration::from_millis(200)).await;
            }
            other => return other,
        }
    }
}

async fn live(provider: &dyn Provider, app: &str) -> Live {
    let query = Query {
        thorough: true,
        ..Query::default()
    };
    // Lists may be late.
    provider.clock().sleep(Duration::from_secs(10)).await;
    steadily(provider, async || {
        provider.observe(&owner(app), &query).await
    })
    .await
    .unwrap()
}

async fn until_ready(provider: &dyn Provider, write: &Write, handle: &Handle) {
    for _ in 0..10_000 {
        let read = steadily(provider, async || provider.read(&write.owner, handle).await)
            .await
            .unwrap();
        if read.is_some_and(|resource| resource.status == Status::Ready) {
            return;
        }
        provider.clock().sleep(Duration::from_secs(1)).await;
    }
    panic!("{} never became ready", write.address);
}

async fn until_gone(provider: &dyn Provider, owner: &Owner, handle: &Handle) {
    for _ in 0..10_000 {
        if steadily(provider, async || provider.read(owner, handle).await)
            .await
            .unwrap()
            .is_none()
        {
            return;
        }
        provider.clock().sleep(Duration::from_secs(1)).await;
    }
    panic!("{} never went", handle.address);
}

/// The suite.
async fn conforms(provider: &dyn Provider) {
    // What is created is found again, with our marks and without them among its properties.
    let first = vpc("one", 1);
    let identifier = create(provider, &first).await.unwrap();
    let found = handle(&first, &identifier);
    until_ready(provider, &first, &found).await;
    let seen = live(provider, "one").await;
    let resource = &seen.resources[&first.address];
    assert_eq!(
        (&resource.kind, &resource.identifier),
        (&first.kind, &identifier)
    );
    assert_eq!(resource.applied.as_ref(), Some(&first.applied));
    assert_eq!(
        resource.properties.get("CidrBlock"),
        first.properties.get("CidrBlock")
    );
    assert_eq!(
        resource.properties.get("Tags"),
        first.properties.get("Tags"),
        "our marks are hidden"
    );
    assert_eq!(
        resource.properties.get("VpcId").and_then(Value::as_str),
        Some(&*identifier)
    );

    // The same write twice is one resource.
    assert_eq!(create(provider, &first).await.unwrap(), identifier);

    // Another app neither sees nor deletes it.
    assert!(live(provider, "two").await.resources.is_empty());
    let stranger = owner("two");
    let refused = steadily(provider, async || provider.delete(&stranger, &found).await).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Denied);

    // An update changes what it names, in place, and its marks; a name that is gone goes back to
    // the default.
    let mut changed = vpc("one", 1);
    changed
        .properties
        .insert("EnableDnsHostnames", Value::Bool(true));
    changed.applied = ownership::of_properties(&changed.address, 1, true, &changed.properties);
    let names: [Arc<str>; 1] = ["EnableDnsHostnames".into()];
    update(provider, &found, &changed, &names).await.unwrap();
    until_ready(provider, &changed, &found).await;
    let resource = live(provider, "one")
        .await
        .resources
        .remove(&first.address)
        .unwrap();
    assert_eq!(
        resource.properties.get("EnableDnsHostnames"),
        Some(&Value::Bool(true))
    );
    assert_eq!(
        (resource.applied, resource.identifier),
        (Some(changed.applied), identifier.clone())
    );
    update(provider, &found, &first, &names).await.unwrap();
    until_ready(provider, &first, &found).await;
    let resource = live(provider, "one")
        .await
        .resources
        .remove(&first.address)
        .unwrap();
    assert_ne!(
        resource.properties.get("EnableDnsHostnames"),
        Some(&Value::Bool(true))
    );

    // What cannot change in place is refused, and so is what does not fit.
    let mut moved = vpc("one", 1);
    moved
        .properties
        .insert("CidrBlock", Value::str("10.1.0.0/16"));
    let names: [Arc<str>; 1] = ["CidrBlock".into()];
    let refused = update(provider, &found, &moved, &names).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Invalid);
    let wrong = write(
        "one",
        "us-east-1/wrong",
        "AWS::EC2::Subnet",
        1,
        serde_json::json!({"CidrBlock": "10.0.0.0/24"}),
    );
    assert_eq!(
        create(provider, &wrong).await.unwrap_err().kind,
        ErrorKind::Invalid
    );

    // Of two generations the newer one stands, and the older one is deposed.
    let second = vpc("one", 2);
    let newer = create(provider, &second).await.unwrap();
    assert_ne!(newer, identifier);
    until_ready(provider, &second, &handle(&second, &newer)).await;
    let seen = live(provider, "one").await;
    assert_eq!(seen.resources[&first.address].identifier, newer);
    assert_eq!(
        seen.deposed
            .iter()
            .map(|r| &r.identifier)
            .collect::<Vec<_>>(),
        [&identifier]
    );

    // What something needs is not deleted.
    let json = serde_json::json!({"VpcId": &*newer, "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "us-east-1a"});
    let subnet = write("one", "us-east-1/subnet", "AWS::EC2::Subnet", 1, json);
    let subnet_id = create(provider, &subnet).await.unwrap();
    let inside = handle(&subnet, &subnet_id);
    until_ready(provider, &subnet, &inside).await;
    let around = handle(&second, &newer);
    let refused = steadily(provider, async || {
        provider.delete(&second.owner, &around).await
    })
    .await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Conflict);

    // Deleting works, in order, and twice is once.
    for gone in [&inside, &around, &found] {
        for _ in 0..2 {
            steadily(provider, async || provider.delete(&first.owner, gone).await)
                .await
                .unwrap();
        }
        until_gone(provider, &first.owner, gone).await;
    }
    assert!(live(provider, "one").await.resources.is_empty());
    let refused = update(provider, &found, &first, &[]).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::NotFound);

    // A name that is taken is said to be taken.
    let json = serde_json::json!({"Name": "/same", "Type": "String", "Value": "x"});
    let mine = write("one", "us-east-1/p", "AWS::SSM::Parameter", 1, json.clone());
    let theirs = write("two", "us-east-1/p", "AWS::SSM::Parameter", 1, json);
    create(provider, &mine).await.unwrap();
    assert_eq!(
        create(provider, &theirs).await.unwrap_err().kind,
        ErrorKind::AlreadyExists
    );

    // A kind that nobody knows is not offered.
    let odd = write(
        "one",
        "us-east-1/odd",
        "AWS::Odd::Thing",
        1,
        serde_json::json!({}),
    );
    assert_eq!(
        create(provider, &odd).await.unwrap_err().kind,
        ErrorKind::Unsupported
    );

    // A lease has one holder per app and environment.
    let holder = |who: &str| Holder {
        who: who.to_owned(),
        command: "apply".to_owned(),
        since: 0,
        process: None,
    };
    let (ann, bob, app) = (holder("ann"), holder("bob"), owner("one"));
    steadily(provider, async || provider.acquire_lease(&app, &ann).await)
        .await
        .unwrap();
    steadily(provider, async || provider.acquire_lease(&app, &ann).await)
        .await
        .unwrap();
    let held = steadily(provider, async || provider.acquire_lease(&app, &bob).await)
        .await
        .unwrap_err();
    assert_eq!(held.kind, ErrorKind::Held);
    assert!(held.message.contains("ann"), "{held}");
    let other = owner("two");
    steadily(provider, async || {
        provider.acquire_lease(&other, &bob).await
    })
    .await
    .unwrap();
    for _ in 0..2 {
        steadily(provider, async || provider.release_lease(&app).await)
            .await
            .unwrap();
    }
    steadily(provider, async || provider.acquire_lease(&app, &bob).await)
        .await
        .unwrap();

    // The record is given back as it was written.
    let record = Record {
        migration: None,
        stage: Some("cdn".into()),
        addresses: Some("0123456789abcdef".into()),
        kinds: [("us-east-1".into(), "AWS::EC2::VPC".into())].into(),
        ..Record::default()
    };
    steadily(provider, async || {
        provider.write_record(&app, &record).await
    })
    .await
    .unwrap();
    assert_eq!(live(provider, "one").await.record, Some(record));
    for _ in 0..2 {
        steadily(provider, async || provider.remove_record(&app).await)
            .await
            .unwrap();
    }
    assert_eq!(live(provider, "one").await.record, None);
}

#[test]
fn the_simulator_conforms() {
    runtime().block_on(async {
        conforms(&Sim::in_memory(Cloud::default(), Faults::default(), EPOCH)).await;
    });
}

#[test]
fn the_simulator_conforms_in_bad_weather() {
    for seed in 0..20 {
        let faults = Faults {
            seed,
            throttle: 0.2,
            transient: 0.1,
            lose: 0.2,
            lag: 3000,
            ..Faults::default()
        };
        runtime().block_on(async {
            conforms(&Sim::in_memory(Cloud::default(), faults, EPOCH)).await;
        });
    }
}
