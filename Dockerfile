# ringtrue as a command: docker run --rm -v "$PWD/reports:/home/ringtrue/reports" ringtrue run
FROM python:3.12-slim

WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY harness harness
COPY strategies strategies
RUN pip install --no-cache-dir -c constraints.txt . \
    && useradd --create-home --uid 1000 ringtrue \
    && mkdir -p /home/ringtrue/reports \
    && chown -R ringtrue /home/ringtrue

USER 1000
WORKDIR /home/ringtrue
VOLUME /home/ringtrue/reports
ENTRYPOINT ["ringtrue"]
CMD ["run"]
