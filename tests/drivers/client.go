// The same as client.py, for Go.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v4"
	"github.com/lib/pq"
)

const postgres = "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()"

// A container has the name in its table of hosts.
type dialer struct{}

func (dialer) Dial(network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err == nil && host == os.Getenv("DATABASE_HOST") {
		address = "127.0.0.1:" + port
	}
	return net.Dial(network, address)
}

func (d dialer) DialTimeout(network, address string, _ time.Duration) (net.Conn, error) {
	return d.Dial(network, address)
}

func libPq() (answer string, err error) {
	connector, err := pq.NewConnector(os.Getenv("DATABASE_URL"))
	if err != nil {
		return "", err
	}
	connector.Dialer(dialer{})
	return answer, sql.OpenDB(connector).QueryRow(postgres).Scan(&answer)
}

func pgxV4() (answer string, err error) {
	config, err := pgx.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		return "", err
	}
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil }
	session, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		return "", err
	}
	err = session.QueryRow(context.Background(), postgres).Scan(&answer)
	return answer, err
}

func goSQL(mode string) (answer string, err error) {
	mysql.RegisterDialContext("tcp", func(_ context.Context, address string) (net.Conn, error) {
		return dialer{}.Dial("tcp", address)
	})
	pem, err := os.ReadFile(os.Getenv("DATABASE_SSL_CA"))
	if err != nil {
		return "", err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	mysql.RegisterTLSConfig("database", &tls.Config{RootCAs: pool, ServerName: os.Getenv("DATABASE_HOST")})
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", os.Getenv("DATABASE_HOST")+":"+os.Getenv("DATABASE_PORT")
	config.User, config.Passwd, config.DBName = os.Getenv("DATABASE_USER"), os.Getenv("DATABASE_PASSWORD"), os.Getenv("DATABASE_NAME")
	config.TLSConfig = mode
	database, err := sql.Open("mysql", config.FormatDSN())
	if err != nil {
		return "", err
	}
	var name string
	err = database.QueryRow("SHOW SESSION STATUS LIKE 'Ssl_cipher'").Scan(&name, &answer)
	return answer, err
}

func main() {
	answer, err := map[string]func() (string, error){
		"lib/pq":                    libPq,
		"pgx":                       pgxV4,
		"go-sql-driver skip-verify": func() (string, error) { return goSQL("skip-verify") },
		"go-sql-driver verify-full": func() (string, error) { return goSQL("database") },
	}[os.Args[1]]()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	if answer == "" || answer == "false" {
		fmt.Print("not ")
	}
	fmt.Println("encrypted")
}
