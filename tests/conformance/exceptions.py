"""What the names of a library cannot tell by themselves, each with its reason."""

from __future__ import annotations

GONE = {"ssl.wrap_socket": (3, 12)}
"""Names of the standard library, and the version from which on they are no more."""
NEWER = {
    "asyncio.timeout": (3, 11),
    "asyncio.timeout_at": (3, 11),
    "asyncio.TaskGroup": (3, 11),
    "asyncio.Runner": (3, 11),
    "asyncio.Barrier": (3, 11),
    "typing.assert_never": (3, 11),
    "typing.assert_type": (3, 11),
    "typing.reveal_type": (3, 11),
    "sqlite3.Blob": (3, 11),
}
"""Names that the standard library has from a version on."""

_GOOGLE = (
    "aiplatform.gapic.PredictionServiceClient",
    "documentai.DocumentProcessorServiceClient",
    "kms.KeyManagementServiceClient",
    "language_v1.LanguageServiceClient",
    "pubsub.PublisherClient",
    "pubsub_v1.PublisherClient",
    "pubsub_v1.publisher.client.Client",
    "pubsub_v1.publisher.futures.Future",
    "run_v2.JobsClient",
    "scheduler_v1.CloudSchedulerClient",
    "secretmanager.SecretManagerServiceClient",
    "speech.SpeechClient",
    "tasks_v2.CloudTasksClient",
    "texttospeech.TextToSpeechClient",
    "vision.ImageAnnotatorClient",
)
"""Classes below `google.cloud`, each of a package of its own."""

ELSEWHERE = {
    "mysql.connector.connection_cext.CMySQLConnection": "only in builds with the C extension",
    "mysql.connector.CMySQLConnection": "only in builds with the C extension",
    "motor.MotorClient": "only with tornado",
    "motor.motor_tornado.MotorClient": "only with tornado",
    "motor.motor_tornado.MotorClientSession": "only with tornado",
    "flask_appbuilder.SQLA": "asks for an older SQLAlchemy",
    "flask_appbuilder.models.sqla.base.SQLA": "asks for an older SQLAlchemy",
    "flask_sqlalchemy.BaseQuery": "up to 2.5",
    "dramatiq.actor": "a function that hides the module of its name",
    "moto.mock_dynamodb": "up to moto 4",
    "moto.mock_s3": "up to moto 4",
    "moto.mock_ses": "up to moto 4",
    "moto.mock_sns": "up to moto 4",
    "moto.mock_sqs": "up to moto 4",
    "litellm.responses": "a function that hides the package of its name",
    "google.generativeai.ChatSession": "gave way to google-genai",
    "google.generativeai.GenerativeModel": "gave way to google-genai",
    "mistralai.Mistral": "up to 1.x",
    **{f"google.cloud.{name}": "a package for each service" for name in _GOOGLE},
    **{f"openai.{name}": "up to 0.28" for name in ("Audio", "ChatCompletion", "Completion", "Edit", "Embedding", "Image", "Moderation")},
}
"""Names that an installed library need not have."""

_OF_THE_CONNECTION = {"autocommit", "cmd_query", "commit", "disconnect", "is_connected", "rollback", "shutdown", "start_transaction"}
"""What a connection of mysql-connector's pool passes on to the connection under it."""

OLD_ROOTS = {"DBUtils": "the package up to 1.4"}
"""Top-level packages that names of older versions are in."""

INSTANCES: dict[str, set[str]] = {
    "aio_pika.Channel": {"default_exchange"},
    "alembic.runtime.migration.MigrationContext": {"connection"},
    "asyncio.Condition": {"locked", "release"},
    "clickhouse_driver.dbapi.connection.Connection": {"is_closed"},
    "dbutils.pooled_db.PooledDedicatedDBConnection": {"cursor"},
    "django.db.backends.utils.CursorWrapper": {"close"},
    "flask_sqlalchemy.SQLAlchemy": {"session"},
    "flask_sqlalchemy.model.Model": {"query"},
    "ldap3.Connection": {"closed", "open"},
    "mysql.connector.aio.abstracts.MySQLCursorAbstract": {"callproc"},
    "mysql.connector.aio.pooling.PooledMySQLConnection": _OF_THE_CONNECTION,
    "mysql.connector.pooling.PooledMySQLConnection": _OF_THE_CONNECTION,
    "pg8000.Connection": {"autocommit"},
    "pg8000.dbapi.Connection": {"autocommit"},
    "pg8000.legacy.Connection": {"autocommit"},
    "ncclient.manager.Manager": {"close_session"},
    "paramiko.ChannelFile": {"channel"},
    "playhouse.pool.PooledDatabase": {"begin", "close", "commit", "execute_sql", "rollback"},
    "postgres.orm.Model": {"db"},
    "psycopg2.pool.AbstractConnectionPool": {"closeall", "closed", "getconn", "putconn"},
    "psycopg2.pool.SimpleConnectionPool": {"closed"},
    "psycopg2.pool.ThreadedConnectionPool": {"closed"},
    "pymysql.cursors.Cursor": {"connection"},
    "records.Connection": {"open"},
    "redshift_connector.Connection": {"autocommit"},
    "sendgrid.SendGridAPIClient": {"client"},
    "sqlalchemy.PoolProxiedConnection": {"commit", "cursor", "rollback"},
    "sqlalchemy.engine.Connection": {"connect", "engine"},
    "sqlalchemy.engine.Transaction": {"connection", "is_active"},
    "sqlalchemy.ext.asyncio.AsyncSession": {"sync_session"},
    "sqlalchemy.orm.DeclarativeBase": {"query"},
    "sqlalchemy.orm.SessionTransaction": {"session"},
    "sqlite3.Connection": {"autocommit", "blobopen"},
    "suds.client.Client": {"service"},
    "threading.Condition": {"acquire", "release"},
    "threading.Lock": {"__enter__", "__exit__", "acquire", "locked", "release"},
    "threading.RLock": {"__enter__", "__exit__", "acquire", "release"},
}
"""Methods and attributes that only instances or subclasses have (set in `__init__`, passed on by `__getattr__`), or older versions."""

SAID_BY_HAND: dict[tuple[str, str], str] = {
    ("asyncio.AbstractEventLoop.run_in_executor", "coroutine"): "gives a future: it runs at once, its value has to be awaited",
    ("builtins.anext", "coroutine"): "a function in C whose result is awaited",
    ("httpx.AsyncClient", "arguments"): "app= up to httpx 0.27",
    ("httpx.Client", "arguments"): "app= up to httpx 0.27",
    ("httpx2.AsyncClient", "arguments"): "app= up to httpx 0.27",
    ("httpx2.Client", "arguments"): "app= up to httpx 0.27",
    ("motor.motor_asyncio.AsyncIOMotorClient.start_session", "results"): "annotated as the method that it wraps",
    ("motor.motor_asyncio.AsyncIOMotorClientSession.end_session", "coroutine"): "gives a future, which is awaited",
    ("mysql.connector.abstracts.MySQLConnectionAbstract", "arguments"): "those of its subclasses, which take **kwargs",
    ("mysql.connector.pooling.PooledMySQLConnection", "arguments"): "made by its pool alone",
    ("dbutils.pooled_db.PooledSharedDBConnection", "names"): "the same for a connection that is shared",
    ("sqlalchemy.orm.DeclarativeBaseNoMeta", "names"): "the same without a metaclass",
    ("treq.delete", "coroutine"): "gives a Deferred, which is awaited",
    ("treq.get", "coroutine"): "gives a Deferred, which is awaited",
    ("treq.post", "coroutine"): "gives a Deferred, which is awaited",
    ("treq.put", "coroutine"): "gives a Deferred, which is awaited",
    ("treq.request", "coroutine"): "gives a Deferred, which is awaited",
    ("websockets.client.connect", "names"): "the older implementation, which behaves alike",
}
"""(subject, `arguments`, `coroutine`, `names` or `results`): what the library itself does not tell, and why the model may say it."""

LEFT_OUT = {
    "aioboto3": "wants an older boto3",
    "pysftp": "does not load with a current paramiko",
    "aioodbc": "needs unixODBC",
    "cx_oracle": "has no builds for current Pythons",
    "mariadb": "needs the client library of MariaDB",
    "langchain": "a package for each provider",
    "litellm": "fetches a table of prices when it is imported",
    "mysqlclient": "needs the client library of MariaDB or MySQL",
    "niquests": "takes the place of urllib3 for all others",
    "pyodbc": "needs unixODBC",
}
"""Model files whose library cannot be among those of the extra `conformance`, and why."""
