// The same as client.py, for Java. The name is found by -Djdk.net.hosts.file, as a container has it in its table of hosts.
import java.sql.DriverManager;
import java.util.Map;

class Client {
    static final String POSTGRES = "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    static final String MYSQL = "SHOW SESSION STATUS LIKE 'Ssl_cipher'";

    public static void main(String[] way) throws Exception {
        Map<String, String> env = System.getenv();
        String place = env.get("DATABASE_HOST") + ":" + env.get("DATABASE_PORT") + "/" + env.get("DATABASE_NAME");
        String ca = env.get("DATABASE_SSL_CA");
        String url = Map.of(
            "PostgreSQL JDBC", "postgresql://" + place + "?sslmode=require",
            "PostgreSQL JDBC verify-full", "postgresql://" + place + "?sslmode=verify-full&sslrootcert=" + ca,
            "MariaDB Connector/J verify-full", "mariadb://" + place + "?useSsl=true&serverSslCert=" + ca
        ).get(way[0]);
        try (var session = DriverManager.getConnection("jdbc:" + url, env.get("DATABASE_USER"), env.get("DATABASE_PASSWORD"));
             var rows = session.createStatement().executeQuery(url.startsWith("postgresql") ? POSTGRES : MYSQL)) {
            rows.next();
            String answer = rows.getString(rows.getMetaData().getColumnCount());
            System.out.println(answer.isEmpty() || answer.equals("false") ? "not encrypted" : "encrypted");
        }
    }
}
