//! Who we are on AWS and how it is reached: credentials, regions, endpoints, retries, timeouts.
//!
//! Everything that the SDK's standard configuration says holds: profiles, environment variables,
//! SSO, web identity, instance roles, `AWS_ENDPOINT_URL` and its forms for single services. On top
//! come the spec's `profile` and `role_arn`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_sts::config::{Credentials, ProvideCredentials as _, SharedCredentialsProvider};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use super::call::{Api, Meter, Unrepeated, Watch};
use super::error::chain;
use super::http;
use super::quotas::Quotas;
use crate::address::GLOBAL;
use crate::spec;

/// The region that answers for global services
/// (<https://docs.aws.amazon.com/general/latest/gr/rande.html#global-endpoints>).
pub const HOME: &str = "us-east-1";

/// What all of AWS's endpoints have in their names.
const AWS: &str = ".amazonaws.com";

/// Attempts at a call, the first one included. With waits of up to 20 s they survive minutes of
/// throttling, which the SDK's own three do not.
const ATTEMPTS: u32 = 12;

/// Where calls go instead of where the SDK's standard configuration says, and as whom: for programs
/// that run an emulator of AWS themselves.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// For all services.
    pub all: Option<String>,
    /// For Cloud Control, which not every emulator has.
    pub cloud_control: Option<String>,
    /// The access key's id and secret.
    pub keys: Option<(String, String)>,
}

/// Each service's [`Api`] in each region, whatever its client's type.
type Made = HashMap<(&'static str, String), Box<dyn std::any::Any>>;

/// Clients by service and region, made when first asked for.
pub struct Clients {
    base: Arc<Base>,
    made: RefCell<Made>,
}

/// What clients are made from.
struct Base {
    config: SdkConfig,
    meter: Arc<Meter>,
    cloud_control: Option<String>,
    /// What a service's clients in a region share, so that one is slowed down with the other.
    partitions: Mutex<HashMap<(&'static str, String), RetryPartition>>,
}

/// The same configuration, but that an endpoint that is set to nothing is none, as pipelines set variables: the SDK
/// would end in a panic.
fn without_empty(config: SdkConfig) -> SdkConfig {
    let url = config.endpoint_url().filter(|url| !url.is_empty());
    let url = url.map(str::to_owned);
    let known = NotEmpty(config.clone());
    let mut builder = config.into_builder();
    builder.set_endpoint_url(url);
    builder.service_config(known).build()
}

/// What is configured for single services.
#[derive(Debug)]
struct NotEmpty(SdkConfig);

impl LoadServiceConfig for NotEmpty {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let value = self.0.service_config()?.load_config(key);
        value.filter(|value| !value.is_empty())
    }
}

impl Clients {
    /// As the environment and the spec say. Asks nobody yet.
    pub async fn connect(settings: &spec::Aws, region: &str, endpoints: &Endpoints) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_secs(60))
            .operation_attempt_timeout(Duration::from_secs(60))
            // A run that is refused everything ends within two minutes; what takes longer is tried again.
            .operation_timeout(Duration::from_secs(75))
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http::client())
            .timeout_config(timeouts)
            .region(Region::new(region.to_owned()));
        if let Some(profile) = &settings.profile {
            // The SDK's own chain asks the environment first; who names a profile in the spec means it.
            let known = ProviderConfig::without_region()
                .with_region(Some(Region::new(region.to_owned())))
                .with_http_client(http::client());
            let named = ProfileFileCredentialsProvider::builder()
                .configure(&known)
                .profile_name(profile)
                .build();
            let others = DefaultCredentialsChain::builder()
                .region(Region::new(region.to_owned()))
                .configure(known)
                .profile_name(profile)
                .build()
                .await;
            let chain =
                CredentialsProviderChain::first_try("Profile", named).or_else("Default", others);
            loader = loader.profile_name(profile).credentials_provider(chain);
        }
        if let Some(url) = &endpoints.all {
            loader = loader.endpoint_url(url);
        }
        if let Some((id, secret)) = &endpoints.keys {
            loader =
                loader.credentials_provider(Credentials::new(id, secret, None, None, "endpoints"));
        }
        let mut config = without_empty(loader.load().await);
        if let Some(role) = &settings.role_arn {
            let mut assumed = AssumeRoleProvider::builder(role)
                .configure(&config)
                .session_name(settings.session_name.as_deref().unwrap_or("scalectl"));
            if let Some(id) = &settings.external_id {
                assumed = assumed.external_id(id);
            }
            let provider = assumed.build().await;
            config = config
                .into_builder()
                .credentials_provider(SharedCredentialsProvider::new(provider))
                .build();
        }
        let aws = config.endpoint_url().is_none_or(|url| url.contains(AWS));
        // An emulator is not throttled for minutes, and what it does not know it never will.
        let (attempts, most) = if aws {
            (ATTEMPTS, Duration::from_secs(20))
        } else {
            (4, Duration::from_secs(1))
        };
        let retries = RetryConfig::adaptive()
            .with_max_attempts(attempts)
            .with_initial_backoff(Duration::from_millis(if aws { 500 } else { 100 }))
            .with_max_backoff(most);
        config = config.into_builder().retry_config(retries).build();
        let base = Base {
            config,
            meter: Arc::new(Meter::new(Quotas::new(aws))),
            cloud_control: endpoints.cloud_control.clone(),
            partitions: Mutex::default(),
        };
        Self {
            base: Arc::new(base),
            made: RefCell::default(),
        }
    }

    /// What was asked so far.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.base.meter
    }

    /// The credentials that calls are signed with.
    ///
    /// # Errors
    /// Why there are none, in words.
    pub async fn credentials(&self) -> Result<Credentials, String> {
        let provider = self.base.config.credentials_provider();
        let provider = provider.ok_or("the SDK has nowhere to look for any")?;
        let found = provider.provide_credentials().await;
        found.map_err(|error| chain(&error))
    }

    /// Whether calls go to an endpoint that is not AWS's.
    pub fn endpoint(&self) -> Option<&str> {
        self.base.config.endpoint_url()
    }

    /// Whether servers behind AWS's APIs are real ones: an emulator starts none.
    pub fn serves(&self) -> bool {
        self.endpoint().is_none_or(|url| url.contains(AWS))
    }

    /// A service's clients; `make` is told whether it is the one for what changes something, which
    /// most runs need of few services.
    fn get<C: Clone + Send + Sync + 'static>(
        &self,
        service: &'static str,
        region: &str,
        make: fn(&Base, &str, bool) -> C,
    ) -> Api<C> {
        let region = if region == GLOBAL { HOME } else { region };
        let key = (service, region.to_owned());
        let mut made = self.made.borrow_mut();
        let any = made.entry(key).or_insert_with(|| {
            let (base, place) = (self.base.clone(), region.to_owned());
            let changing = move || make(&base, &place, true);
            let meter = self.base.meter.clone();
            let reading = make(&self.base, region, false);
            Box::new(Api::new(reading, Box::new(changing), region.into(), meter))
        });
        match any.downcast_ref::<Api<C>>() {
            Some(api) => api.clone(),
            // A service's name stands for one type of client: the macro below writes both.
            None => unreachable!("{service} has one client type"),
        }
    }
}

impl Base {
    /// The SDK's configuration for a region.
    fn regional(&self, region: &str) -> SdkConfig {
        let builder = self.config.clone().into_builder();
        builder.region(Region::new(region.to_owned())).build()
    }

    /// How a service's clients in a region are slowed down, together. The SDK stops to try again after some
    /// hundred failures in a row, so that a client does not add to a storm; ours have quotas for that, and
    /// are to survive minutes of it.
    fn partition(&self, service: &'static str, region: &str) -> RetryPartition {
        let partitions = self.partitions.lock();
        let mut partitions = partitions.unwrap_or_else(PoisonError::into_inner);
        let partition = || {
            RetryPartition::custom(format!("{service} in {region}"))
                .token_bucket(TokenBucket::unlimited())
                .build()
        };
        let key = (service, region.to_owned());
        partitions.entry(key).or_insert_with(partition).clone()
    }

    fn watch(&self, region: &str, fenced: bool) -> Watch {
        Watch {
            region: region.into(),
            meter: self.meter.clone(),
            fenced,
        }
    }
}

/// A client's configuration, with [`Unrepeated`] where it is for what changes something.
macro_rules! careful {
    ($config:expr, $changes:expr) => {
        if $changes {
            $config.retry_classifier(Unrepeated)
        } else {
            $config
        }
    };
}

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident $sdk:ident;)*) => {
        impl Clients {$(
            $(#[$doc])*
            pub fn $name(&self, region: &str) -> Api<$sdk::Client> {
                self.get(stringify!($name), region, |base, region, changes| {
                    let config = $sdk::config::Builder::from(&base.regional(region))
                        .retry_partition(base.partition(stringify!($name), region))
                        .interceptor(base.watch(region, true));
                    $sdk::Client::from_conf(careful!(config, changes).build())
                })
            }
        )*}
    };
}

clients! {
    /// AWS Certificate Manager.
    acm aws_sdk_acm;
    /// EC2 Auto Scaling.
    autoscaling aws_sdk_autoscaling;
    /// AWS Backup.
    backup aws_sdk_backup;
    /// CloudFront.
    cloudfront aws_sdk_cloudfront;
    /// CloudWatch.
    cloudwatch aws_sdk_cloudwatch;
    /// CloudWatch Logs.
    logs aws_sdk_cloudwatchlogs;
    /// EC2.
    ec2 aws_sdk_ec2;
    /// ElastiCache.
    elasticache aws_sdk_elasticache;
    /// Elastic Load Balancing.
    elb aws_sdk_elasticloadbalancingv2;
    /// IAM.
    iam aws_sdk_iam;
    /// RDS.
    rds aws_sdk_rds;
    /// The tagging API.
    tagging aws_sdk_resourcegroupstagging;
    /// Route 53.
    route53 aws_sdk_route53;
    /// Secrets Manager.
    secrets aws_sdk_secretsmanager;
    /// SNS.
    sns aws_sdk_sns;
    /// Systems Manager.
    ssm aws_sdk_ssm;
    /// STS.
    sts aws_sdk_sts;
    /// The web application firewall.
    waf aws_sdk_wafv2;
}

impl Clients {
    /// S3. Endpoints that are not AWS's have no bucket in their host name.
    pub fn s3(&self, region: &str) -> Api<aws_sdk_s3::Client> {
        self.get("s3", region, |base, region, changes| {
            let config = aws_sdk_s3::config::Builder::from(&base.regional(region))
                .force_path_style(base.config.endpoint_url().is_some())
                .retry_partition(base.partition("s3", region))
                .interceptor(base.watch(region, true));
            aws_sdk_s3::Client::from_conf(careful!(config, changes).build())
        })
    }

    /// Cloud Control.
    pub fn cloudcontrol(&self, region: &str) -> Api<aws_sdk_cloudcontrol::Client> {
        self.get("cloudcontrol", region, |base, region, changes| {
            let mut config = aws_sdk_cloudcontrol::config::Builder::from(&base.regional(region))
                .retry_partition(base.partition("cloudcontrol", region))
                .interceptor(base.watch(region, true));
            if let Some(url) = &base.cloud_control {
                config = config.endpoint_url(url);
            }
            aws_sdk_cloudcontrol::Client::from_conf(careful!(config, changes).build())
        })
    }

    /// Systems Manager without the lease's fence, for the lease itself.
    pub fn ssm_for_lease(&self, region: &str) -> Api<aws_sdk_ssm::Client> {
        self.get("ssm for the lease", region, |base, region, changes| {
            let config = aws_sdk_ssm::config::Builder::from(&base.regional(region))
                .retry_partition(base.partition("ssm", region))
                .interceptor(base.watch(region, false));
            aws_sdk_ssm::Client::from_conf(careful!(config, changes).build())
        })
    }
}
