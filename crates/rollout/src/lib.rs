//! What Kubernetes does to a service during an upgrade, as local processes, and the load that finds out.
//!
//! [`deployment`] starts, probes, replaces and ends pods as the Deployment controller and the
//! kubelet do; [`service`] forwards TCP connections to the pods that are ready, learning of changes
//! late as kube-proxy does; [`load`] sends requests at a constant rate and reports what a client saw.
//! The demo and the tests of rolling upgrades call it.
//!
//! **Invariant:** nothing here resends a request or keeps one waiting for a pod: what an upgrade
//! does to clients shows up in the report.

mod cause;
pub mod deployment;
pub mod load;
pub mod service;
