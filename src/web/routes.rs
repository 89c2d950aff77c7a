//! A router that knows what it serves, so that a test can compare it with the API's description.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, delete, get, patch, post, put};

use super::Web;

/// Routes and their list: method in lower case, and path.
#[derive(Default)]
pub struct Routes {
    router: Router<Web>,
    listed: Vec<(&'static str, &'static str)>,
}

macro_rules! methods {
    ($($method:ident),*) => {
        $(
            /// Serves this method at `path`.
            #[must_use]
            pub fn $method<H, T>(self, path: &'static str, handler: H) -> Self
            where
                H: Handler<T, Web>,
                T: 'static,
            {
                self.add(stringify!($method), path, $method(handler))
            }
        )*
    };
}

impl Routes {
    methods!(get, post, put, patch, delete);

    fn add(mut self, method: &'static str, path: &'static str, handler: MethodRouter<Web>) -> Self {
        self.listed.push((method, path));
        self.router = self.router.route(path, handler);
        self
    }

    /// All of both.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.listed.extend(other.listed);
        self.router = self.router.merge(other.router);
        self
    }

    /// What is served: method and path.
    #[must_use]
    pub fn listed(&self) -> &[(&'static str, &'static str)] {
        &self.listed
    }

    /// The router itself.
    pub fn into_router(self) -> Router<Web> {
        self.router
    }
}
