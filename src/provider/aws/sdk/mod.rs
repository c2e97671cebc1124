//! The SDK's calls, with properties for arguments: one file per service, written by schemas/bind.py.

pub mod acm;
pub mod autoscaling;
pub mod backup;
pub mod cloudcontrol;
pub mod cloudfront;
pub mod cloudwatch;
pub mod cloudwatchlogs;
pub mod ec2;
pub mod elasticache;
pub mod elasticloadbalancingv2;
pub mod iam;
pub mod rds;
pub mod resourcegroupstagging;
pub mod route53;
pub mod s3;
pub mod secretsmanager;
pub mod sns;
pub mod ssm;
pub mod sts;
pub mod wafv2;
